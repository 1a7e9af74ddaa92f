import { useQuery } from "@tanstack/react-query";
import { api, asked } from "@/lib/api";
import { useView } from "@/lib/live/view";

/** The terms of the followed book, for the marks of quorum and threshold. */
export function useTerms(): Record<string, unknown> | undefined {
  const book = useView((view) => view.book?.book ?? "");
  const { data } = useQuery({
    queryKey: ["terms", book],
    queryFn: () => asked(api.GET("/api/v1/books/{book}", { params: { path: { book } } })),
    enabled: book !== "",
    staleTime: 60_000,
  });
  return data?.terms as Record<string, unknown> | undefined;
}
