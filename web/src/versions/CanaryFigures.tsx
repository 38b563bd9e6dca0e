import { Badge } from "@/ui/Badge";
import type { Canary } from "./canaries";
import { comparison } from "./canary_words";

/** How the runs of the candidate have ended, beside those of the live version meanwhile. */
export function CanaryFigures({ canary }: { canary: Canary }) {
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-paper">
      <table className="w-full text-sm">
        <caption className="sr-only">{`Version ${canary.version} beside version ${canary.live_version}`}</caption>
        <thead className="text-left">
          <tr className="border-b border-line [&>th]:px-4 [&>th]:py-2.5 [&>th]:font-medium max-sm:[&>th]:px-3">
            <td />
            <th scope="col">
              <span className="flex flex-wrap items-center gap-x-2">
                Version {canary.version} <Badge tone="accent">Candidate</Badge>
              </span>
            </th>
            <th scope="col">
              <span className="flex flex-wrap items-center gap-x-2">
                Version {canary.live_version} <Badge tone="live">Live</Badge>
              </span>
            </th>
          </tr>
        </thead>
        <tbody className="tabular-nums">
          {comparison(canary).map(({ what, candidate, live }) => (
            <tr key={what} className="border-b border-line last:border-b-0 [&>*]:px-4 [&>*]:py-2.5 max-sm:[&>*]:px-3">
              <th scope="row" className="text-left font-normal text-ink-soft">
                {what}
              </th>
              <td>{candidate}</td>
              <td>{live}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
