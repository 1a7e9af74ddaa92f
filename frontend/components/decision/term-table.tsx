// Numbers with their formula and inputs, as a table: nothing is shown that is not explained.

import { Check, X } from "lucide-react";
import { Heads } from "@/components/heads";
import type { Term } from "@/lib/decision-terms";

export function TermTable({ terms, label }: { terms: Term[]; label: string }) {
  if (!terms.length) return null;
  return (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-label={label}>
      <table className="number w-full text-xs">
        <Heads titles={["Number", "Value", "Formula", "Inputs"]} />
        <tbody className="divide-y divide-line">
          {terms.map(({ name, formula, inputs, result, met }) => (
            <tr key={name} className="align-top">
              <th scope="row" className="py-1 pr-3 whitespace-nowrap">
                {name}
              </th>
              <td className="py-1 pr-3 whitespace-nowrap">
                {met === undefined ? null : met ? (
                  <Check aria-label="met:" className="mr-1 inline size-3 text-good" />
                ) : (
                  <X aria-label="missed:" className="mr-1 inline size-3 text-bad" />
                )}
                {result}
              </td>
              <td className="min-w-40 py-1 pr-3 text-soft">{formula}</td>
              <td className="min-w-48 py-1 text-faint">{inputs}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
