import { LoaderCircle } from "lucide-react";
import { cx } from "./cx";

/** Something is under way. `label` is what a screen reader says; leave it out where the words stand next to it. */
export function Spinner({ label, className }: { label?: string; className?: string }) {
  const icon = <LoaderCircle aria-hidden className={cx("size-4 animate-spin", className)} />;
  if (!label) return icon;
  return (
    <span role="status" className="inline-flex">
      {icon}
      <span className="sr-only">{label}</span>
    </span>
  );
}
