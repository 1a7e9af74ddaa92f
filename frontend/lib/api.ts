// The site's API, typed by its own description. Every answer is data, or an error whose words are for people.

import createClient from "openapi-fetch";
import { QueryClient } from "@tanstack/react-query";
import type { components, paths } from "@/generated/api";

export type Shape<Name extends keyof components["schemas"]> = components["schemas"][Name];

export const api = createClient<paths>({
  baseUrl: typeof window === "undefined" ? "http://localhost" : window.location.origin,
  credentials: "same-origin",
});

/** What the server answered instead; `status` 0: it did not answer at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The data of an answer of `api`; throws `Problem`. */
export async function asked<Data>(answer: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, error, response } = await answer.catch((reason: unknown) => {
    throw new Problem(0, `The server does not answer (${reason instanceof Error ? reason.message : String(reason)}).`);
  });
  if (data !== undefined) return data;
  const detail = (error as { detail?: unknown } | undefined)?.detail;
  throw new Problem(response.status, typeof detail === "string" ? detail : `${response.status} ${response.statusText}`);
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
});
