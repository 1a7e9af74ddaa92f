"use client";

import { Badge } from "@/components/badge";
import { Heads, unseen } from "@/components/heads";
import type { Seat } from "@/lib/agents";
import { count, percent, short } from "@/lib/format";

interface Props {
  seats: Seat[];
  chosen: string;
  compared: string[];
  onChoose: (agent: string) => void;
  onCompare: (agent: string) => void;
}

const TITLES = [unseen("Compare"), "Agent", "Role", "Owner", "Weight", unseen("Share"), "State", "Forecasts scored", "Strikes"];

export function Seats({ seats, chosen, compared, onChoose, onCompare }: Props) {
  const most = Math.max(1, ...seats.map(({ weight_ppm }) => weight_ppm));
  return (
    <div className="relative overflow-x-auto px-3 pb-2" tabIndex={0} role="group" aria-label="Seats of the council">
      <table className="number w-full text-xs">
        <Heads titles={TITLES} cell="whitespace-nowrap py-1.5 pr-4" />
        <tbody className="divide-y divide-line">
          {seats.map((seat) => (
            <tr key={seat.seat_id} className={seat.agent === chosen ? "bg-accent-soft" : ""}>
              <td className="py-1 pr-2">
                <input type="checkbox" aria-label={`Compare ${short(seat.agent, 60)}`} checked={compared.includes(seat.agent)} onChange={() => onCompare(seat.agent)} />
              </td>
              <th scope="row" className="pr-4">
                <button type="button" aria-pressed={seat.agent === chosen} title={seat.agent} onClick={() => onChoose(seat.agent)} className="text-left font-medium text-accent underline-offset-2 hover:underline">
                  {short(seat.agent, 48)}
                </button>
              </th>
              <td className="pr-4 text-soft">{seat.role}</td>
              <td className="pr-4 text-soft" title={seat.owner}>
                {short(seat.owner, 32)}
              </td>
              <td className="pr-4">{seat.weight_ppm ? percent(seat.weight_ppm, 2) : "no mass"}</td>
              <td className="w-40 pr-4">
                <svg viewBox="0 0 100 6" preserveAspectRatio="none" className="h-1.5 w-32" aria-hidden>
                  <rect width={100} height={6} rx={3} className="fill-sunk" />
                  <rect width={(100 * seat.weight_ppm) / most} height={6} rx={3} className="fill-accent" />
                </svg>
              </td>
              <td className="whitespace-nowrap pr-4">
                <State seat={seat} />
              </td>
              <td className="pr-4">{count(seat.events)}</td>
              <td className="pr-4">{count(seat.strikes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function State({ seat }: { seat: Seat }) {
  return (
    <span className="inline-flex gap-1">
      {seat.status === "suspended" ? <Badge look="warn">suspended</Badge> : <Badge look="good">{seat.status}</Badge>}
      {seat.shadow && <Badge look="quiet">votes in shadow</Badge>}
      {seat.veto && <Badge look="veto">{seat.required ? "guard, required" : "guard"}</Badge>}
    </span>
  );
}
