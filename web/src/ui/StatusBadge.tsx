import { Badge } from "./Badge";
import { statusLook } from "./status";

/** How a run or a step is: word, icon and colour. */
export function StatusBadge({ status, className }: { status: string; className?: string }) {
  const { word, icon, tone, spins } = statusLook(status);
  return (
    <Badge tone={tone} icon={icon} spins={spins} className={className}>
      {word}
    </Badge>
  );
}
