import type { Metadata } from "next";
import type { ReactNode } from "react";
import { Providers } from "@/components/providers";
import { Shell } from "@/components/shell/shell";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Governed market", template: "%s · Governed market" },
  description: "A council of agents governs a market: live, and as it was",
  robots: { index: false },
  icons: { icon: "/static/site/icon.svg" },
};

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <link rel="stylesheet" href="/static/unfold/fonts/inter/styles.css" />
        {/* Asked for first by every page: on its way while the scripts still load. */}
        <link rel="preload" href="/api/v1/me" as="fetch" crossOrigin="anonymous" />
      </head>
      <body>
        <Providers>
          <Shell>{children}</Shell>
        </Providers>
      </body>
    </html>
  );
}
