import type { Figure } from "../series";
import { wholeMoment } from "./moments";

/** What a chart shows, in numbers: for those who cannot see it, or want to know exactly. */
export function AsTable({
  title,
  figure: { at, each, series },
  format,
}: {
  title: string;
  figure: Figure;
  format: (value: number) => string;
}) {
  return (
    <details className="text-xs">
      <summary className="w-fit cursor-pointer rounded-sm py-1 text-ink-soft hover:text-ink max-sm:py-3">
        As a table<span className="sr-only">: {title}</span>
      </summary>
      <div
        role="region"
        aria-label={`${title}, as a table`}
        tabIndex={0}
        className="mt-1 max-h-64 overflow-auto rounded-md border border-line"
      >
        <table className="w-full tabular-nums [&_td]:px-3 [&_td]:py-1 [&_td]:text-right [&_th]:px-3 [&_th]:py-1 [&_th]:font-normal">
          <thead className="sticky top-0 bg-sunken text-ink-soft">
            <tr>
              <th scope="col" className="text-left">
                {each === "hour" ? "Hour" : "Day (UTC)"}
              </th>
              {series.map(({ name }) => (
                <th key={name} scope="col" className="text-right">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {at.map((moment, i) => (
              <tr key={moment}>
                <th scope="row" className="whitespace-nowrap text-left text-ink-soft">
                  {wholeMoment(moment, each)}
                </th>
                {series.map(({ name, values }) => (
                  <td key={name}>{values[i] == null ? "–" : format(values[i])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
