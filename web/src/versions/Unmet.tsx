import type { Schemas } from "@/client";
import { Banner } from "@/ui/Banner";

/** What a version does not meet, each with what to do about it. */
export function Unmet({ title, unmet }: { title: string; unmet: readonly Schemas["Finding"][] }) {
  return (
    <Banner tone="warn" title={title}>
      <ul className="mt-1 flex list-disc flex-col gap-1 pl-4">
        {unmet.map(({ message, next_step }, i) => (
          <li key={i}>
            <span className="text-ink">{message}</span> {next_step}
          </li>
        ))}
      </ul>
    </Banner>
  );
}
