import type { Metadata } from "next";
import { LivePage } from "@/components/live/page";

export const metadata: Metadata = { title: "Live" };

export default function Page() {
  return <LivePage />;
}
