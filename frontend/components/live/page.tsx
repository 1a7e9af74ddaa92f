"use client";

import { CouncilPanel } from "./council";
import { DecisionsPanel } from "./decisions";
import { FeedPanel, LatencyPanel } from "./machine";
import { MarketPanel } from "./market";
import { MoneyPanel } from "./money";
import { StagePanel } from "./stage";

export function LivePage() {
  return (
    <>
      <h1 className="sr-only">Live</h1>
      <div className="grid grid-cols-1 gap-3 lg:grid-cols-12">
        <MarketPanel className="h-[30rem] lg:col-span-7" />
        <StagePanel className="min-h-80 max-lg:max-h-[34rem] lg:col-span-5 lg:h-[30rem]" />
        <DecisionsPanel className="lg:col-span-12 lg:h-[23rem] xl:col-span-6" />
        <CouncilPanel className="lg:col-span-5 lg:h-[23rem] xl:col-span-3" />
        <MoneyPanel className="lg:col-span-7 lg:h-[23rem] xl:col-span-3" />
        <LatencyPanel className="lg:col-span-6" />
        <FeedPanel className="lg:col-span-6" />
      </div>
    </>
  );
}
