"use client";

import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, asked } from "@/lib/api";

/** Who is logged in, what they may see, and the books that there are. */
export const ME = queryOptions({ queryKey: ["me"], queryFn: () => asked(api.GET("/api/v1/me")), staleTime: 60_000 });
export const useMe = () => useQuery(ME);

export function login(): void {
  const { origin, pathname, search } = window.location;
  window.location.href = `${origin}/admin/login/?next=${encodeURIComponent(pathname + search)}`;
}
