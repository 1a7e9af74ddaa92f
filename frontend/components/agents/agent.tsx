"use client";
// One agent: its weight over time, calibration, regret, proposals and vetoes with what they turned out to be worth.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Badge, WON } from "@/components/badge";
import { Heads } from "@/components/heads";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { kept } from "@/lib/address";
import { api, asked } from "@/lib/api";
import { failing } from "@/lib/failing";
import { count, money, quantity, short, UNKNOWN } from "@/lib/format";
import { because } from "@/lib/words";
import { Calibration, fixed, Regret, type Performance } from "./figures";
import { useWeights } from "./weights";

const WeightsChart = dynamic(() => import("./weights-chart"), { ssr: false });
const EVERY_MS = 15_000;

export function usePerformance(book: string, agent: string, to: string | undefined) {
  return useQuery({
    queryKey: ["performance", book, agent, to ?? "now"],
    queryFn: () => asked(api.GET("/api/v1/agents/{agent}/performance", { params: { path: { agent }, query: { book, ...(to ? { to } : {}) } } })),
    refetchInterval: to ? false : EVERY_MS,
    placeholderData: keepPreviousData,
  });
}

export function Agent({ book, agent, to }: { book: string; agent: string; to: string | undefined }) {
  const { lines, error: lost, loading } = useWeights(book, [agent], to);
  const performance = usePerformance(book, agent, to);
  const { data, error, isPending, refetch } = performance;
  const state = { loading: isPending && !error, ...failing(performance), onRetry: refetch };
  const name = short(agent, 60);
  return (
    <div className="grid gap-3 xl:grid-cols-2">
      <Panel title={`Weight of ${name}, mean of its three copies`} loading={loading && !lost} error={lost?.message} empty={!lines[0]?.points.length && "It has not been scored yet: weights move once the market has answered."} bodyClassName="p-2">
        <WeightsChart lines={lines} />
      </Panel>
      <Panel
        title="Calibration"
        aside={data && `Brier ${fixed(data.brier)} of ${count(data.forecasts)} forecasts`}
        {...state}
        empty={data && !data.bins.length && "None of its forecasts has been answered by the market yet."}
        bodyClassName="overflow-x-auto p-3"
      >
        {data && <Calibration bins={data.bins} />}
      </Panel>
      <Panel title="Regret of the council against its bound" {...state} empty={data && !data.regret && "No question has been scored yet."} bodyClassName="p-3">
        {data?.regret && <Regret regret={data.regret} />}
      </Panel>
      {data?.vetoes && <Vetoes vetoes={data.vetoes} />}
      <Panel
        title="Proposals"
        aside={<Save name={`proposals of ${name}`} rows={(data?.proposals ?? []).map(({ at, instrument, action, target, state: became, reason, gain }) => ({ at, instrument, action, target, state: became, reason, gain }))} />}
        {...state}
        empty={data && !data.proposals.length && "It has proposed nothing."}
        className="xl:col-span-2"
      >
        <Proposals proposals={data?.proposals ?? []} />
      </Panel>
    </div>
  );
}

const worth = (gain: number | null) => (gain === null ? UNKNOWN : `${gain > 0 ? "+" : ""}${fixed(10_000 * gain, 2)} bp`);

function Vetoes({ vetoes }: { vetoes: NonNullable<Performance["vetoes"]> }) {
  const search = useSearchParams().toString();
  return (
    <Panel
      title="Vetoes"
      aside={`${count(vetoes.answered)} of ${count(vetoes.count)} answered; what they kept away: ${money(vetoes.amount)}`}
      empty={!vetoes.newest.length && "It has vetoed nothing."}
    >
      <Rows titles={["Time", "Instrument", "Proposed by", "Why", "What it stopped would have gained", ""]} label="Vetoes">
        {vetoes.newest.map((veto) => (
          <tr key={`${veto.proposal_id} ${veto.at}`}>
            <td className="py-1 pr-4">
              <Moment at={veto.at} days />
            </td>
            <td className="pr-4">{veto.instrument}</td>
            <td className="pr-4">{short(veto.proposer, 30)}</td>
            <td className="pr-4 break-words" title={veto.reason}>
              {short(veto.reason, 80)}
            </td>
            <td className="pr-4">{worth(veto.gain)}</td>
            <td>{veto.decision_id && <Decision search={search} id={veto.decision_id} />}</td>
          </tr>
        ))}
      </Rows>
    </Panel>
  );
}

function Proposals({ proposals }: { proposals: Performance["proposals"] }) {
  const search = useSearchParams().toString();
  return (
    <Rows titles={["Time", "What", "P(y = 1)", "Became", "Why it lost", "Gain", ""]} label="Proposals">
      {proposals.map((made) => (
        <tr key={`${made.proposal_id} ${made.at}`}>
          <td className="py-1 pr-4">
            <Moment at={made.at} days />
          </td>
          <td className="whitespace-nowrap pr-4" title={made.why}>
            {made.action} {made.instrument} to {quantity(made.target)}
          </td>
          <td className="pr-4">{fixed(made.probability, 3)}</td>
          <td className="pr-4">
            <Badge look={WON.has(made.state) ? "good" : made.state === "VETOED" ? "veto" : "quiet"}>{made.state.toLowerCase()}</Badge>
          </td>
          <td className="min-w-48 pr-4 text-soft" title={made.detail}>
            {WON.has(made.state) && !made.reason ? "" : short(because(made), 100)}
          </td>
          <td className="pr-4">{made.answered ? worth(made.gain) : "not known yet"}</td>
          <td>{made.decision_id && <Decision search={search} id={made.decision_id} />}</td>
        </tr>
      ))}
    </Rows>
  );
}

function Decision({ search, id }: { search: string; id: string }) {
  return (
    <Link prefetch={false} className="text-accent underline-offset-2 hover:underline" href={kept("/decision/", search, { id })}>
      decision
    </Link>
  );
}

function Rows({ titles, label, children }: { titles: string[]; label: string; children: React.ReactNode }) {
  return (
    <div className="max-h-[32rem] overflow-auto px-3 pb-2" tabIndex={0} role="group" aria-label={label}>
      <table className="number w-full text-xs">
        <Heads titles={titles} cell="py-1.5 pr-4" />
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
  );
}
