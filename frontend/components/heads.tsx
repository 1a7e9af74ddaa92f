import type { ReactNode } from "react";

/** A title that only readers of the screen need. */
export const unseen = (title: string): ReactNode => (
  <span key={title} className="sr-only">
    {title}
  </span>
);

/** The titles over the columns of a table; `cell` spaces them as its rows are. */
export function Heads({ titles, cell = "py-1 pr-3" }: { titles: readonly ReactNode[]; cell?: string }) {
  return (
    <thead className="text-faint">
      <tr>
        {titles.map((title, place) => (
          <th key={place} scope="col" className={`relative ${cell}`}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}
