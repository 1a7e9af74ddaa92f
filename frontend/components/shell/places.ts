// The pages, in the order of the navigation; `key` opens one.

export const PLACES = [
  { path: "/", title: "Live", key: "1" },
  { path: "/decisions/", title: "Decisions", key: "2" },
  { path: "/agents/", title: "Agents", key: "3" },
  { path: "/rules/", title: "Rules", key: "4" },
  { path: "/audit/", title: "Audit", key: "5" },
  { path: "/latency/", title: "Latency", key: "6" },
] as const;
