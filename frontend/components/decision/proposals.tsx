"use client";
// What was proposed: the ballots as weight on a scale, what it took to pass, who lost to what, what the market answered.

import { Check, CircleSlash, Clock3, ShieldX, X } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Badge } from "@/components/badge";
import { Heads } from "@/components/heads";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { kept } from "@/lib/address";
import type { Ballot, Proposal, Told } from "@/lib/decision";
import { answerTerms, passing, type Terms } from "@/lib/decision-terms";
import { endOf, wanted, won } from "@/lib/decision-words";
import { percent, quantity, short } from "@/lib/format";
import { hurdlesOf } from "@/lib/live/rounds";
import { reasonWords } from "@/lib/words";
import { BallotScale } from "./scale";
import { TermTable } from "./term-table";

const SHOWN = 12;

export function ProposalsPanel({ told, terms }: { told: Told; terms: Terms }) {
  const rows = told.proposals.flatMap((one) =>
    one.ballots.map(({ agent, stance, weight, probability, limit, veto, late, reason, brier }) => ({ proposal: one.id, proposer: one.author, agent, stance, weight_ppm: weight, probability, size_limit: limit, veto, late, reason, brier })),
  );
  return (
    <Panel title="Proposals and ballots" aside={<Save name="ballots" rows={rows} />} empty={!told.proposals.length && "Nothing was admitted to this round."}>
      <ol className="divide-y divide-line">
        {told.proposals.slice(0, SHOWN).map((one, place) => (
          <li key={one.id} id={`proposal-${place + 1}`} className="min-w-0 scroll-mt-24 px-3 py-2">
            <OneProposal proposal={one} told={told} terms={terms} />
          </li>
        ))}
        {told.proposals.length > SHOWN && <li className="px-3 py-2 text-xs text-faint">and {told.proposals.length - SHOWN} more; save the ballots to see them all</li>}
      </ol>
    </Panel>
  );
}

function OneProposal({ proposal, told, terms }: { proposal: Proposal; told: Told; terms: Terms }) {
  const { author, tally, why, answer } = proposal;
  const search = useSearchParams().toString();
  const hurdles = hurdlesOf(told.track, terms);
  const good = won(proposal);
  return (
    <>
      <h3 className="flex flex-wrap items-center gap-2 text-sm font-medium">
        <Link prefetch={false} href={kept("/agents/", search, { agent: author })} title={short(author, 300)} className="text-accent underline-offset-2 hover:underline">
          {short(author, 40)}
        </Link>
        <Badge look={good ? (proposal.state === "REDUCED" ? "warn" : "good") : proposal.state === "VETOED" ? "veto" : "quiet"}>{reasonWords(proposal.state)}</Badge>
        {proposal.amends && <Badge look="accent">amendment</Badge>}
      </h3>
      <p className="number mt-0.5 text-sm break-words" title={short(why, 1000)}>
        {wanted(proposal)}
        {proposal.probability !== null && `, at P(y = 1) = ${proposal.probability.toFixed(3)}`}
        {why && <span className="text-faint"> · {short(why, 160)}</span>}
      </p>
      {(!good || proposal.reason) && proposal.reason && (
        <p className="mt-0.5 text-xs break-words text-soft">
          {good ? "Cut: " : "Lost: "}
          {endOf(proposal, told)}
          {proposal.detail && <span className="text-faint"> ({short(proposal.detail, 160)})</span>}
        </p>
      )}
      {tally ? <BallotScale ballots={proposal.ballots} tally={tally} hurdles={hurdles} /> : <p className="mt-1 text-xs text-faint">There was no vote on it.</p>}
      <TermTable terms={passing(proposal, told, terms)} label={`What it took to pass the proposal of ${short(author, 40)}`} />
      {answer && <TermTable terms={answerTerms(proposal)} label={`How the market answered the proposal of ${short(author, 40)}`} />}
      <Ballots proposal={proposal} />
    </>
  );
}

const STANCES = {
  approve: { icon: Check, word: "for", ink: "text-good" },
  reject: { icon: X, word: "against", ink: "text-bad" },
  abstain: { icon: CircleSlash, word: "abstained", ink: "text-faint" },
} as const;

function Ballots({ proposal }: { proposal: Proposal }) {
  const search = useSearchParams().toString();
  if (!proposal.ballots.length) return null;
  return (
    <details open={proposal.ballots.length <= 10} className="mt-1 text-xs">
      <summary className="text-soft">{proposal.ballots.length} ballots</summary>
      <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={`Ballots on the proposal of ${short(proposal.author, 40)}`}>
        <table className="number w-full">
          <Heads titles={["Seat", "Stance", "Mass", "q", "(q − y)²", "Said"]} cell="py-0.5 pr-3" />
          <tbody className="divide-y divide-line">
            {proposal.ballots.map((ballot) => (
              <tr key={`${ballot.agent} ${ballot.late}`} className="align-top">
                <th scope="row" className="py-0.5 pr-3 font-normal whitespace-nowrap">
                  <Link prefetch={false} href={kept("/agents/", search, { agent: ballot.agent })} title={short(ballot.agent, 300)} className="underline-offset-2 hover:underline">
                    {short(ballot.agent, 24)}
                  </Link>
                </th>
                <td className="pr-3 whitespace-nowrap">
                  <Stance ballot={ballot} />
                </td>
                <td className="pr-3 whitespace-nowrap">{ballot.weight ? percent(ballot.weight, 2) : "–"}</td>
                <td className="pr-3">{ballot.probability === null ? "–" : ballot.probability.toFixed(3)}</td>
                <td className="pr-3">{ballot.brier === null ? "–" : ballot.brier.toFixed(4)}</td>
                <td className="min-w-32 break-words text-soft" title={short(ballot.reason, 1000)}>
                  {short(ballot.reason, 80)}
                  {ballot.limit !== null && ` (at most ${quantity(ballot.limit)})`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Stance({ ballot }: { ballot: Ballot }) {
  if (ballot.veto) return <Badge look="veto" icon={ShieldX}>veto</Badge>;
  if (ballot.late) return <Badge look="quiet" icon={Clock3}>too late</Badge>;
  const { icon: Icon, word, ink } = STANCES[ballot.stance];
  return (
    <span className={`inline-flex items-center gap-1 ${ink}`}>
      <Icon aria-hidden className="size-3" /> {word}
    </span>
  );
}
