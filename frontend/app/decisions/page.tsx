import type { Metadata } from "next";
import { DecisionsPage } from "@/components/decision/list";

export const metadata: Metadata = { title: "Decisions" };

export default function Page() {
  return <DecisionsPage />;
}
