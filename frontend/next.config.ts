import path from "node:path";
import type { NextConfig } from "next";

const development = process.env.NODE_ENV === "development";
const SITE = process.env.SITE ?? "http://127.0.0.1:8000";

const config: NextConfig = {
  output: development ? undefined : "export",
  basePath: "/dashboard",
  allowedDevOrigins: ["127.0.0.1"],
  trailingSlash: true,
  skipTrailingSlashRedirect: true,
  reactStrictMode: true,
  productionBrowserSourceMaps: false,
  turbopack: { root: path.join(import.meta.dirname, "..") }, // the colours are the operations site's own
  // The API and the login are the site's; the socket is opened at NEXT_PUBLIC_SOCKET then (see README).
  rewrites: development
    ? async () => [{ source: "/:path(api|admin|static|ws)/:rest*", destination: `${SITE}/:path/:rest*`, basePath: false as const }]
    : undefined,
};

export default config;
