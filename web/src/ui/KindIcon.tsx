import { cx } from "./cx";
import { GROUP_TEXT, kindLook } from "./kinds";

/** The sign of a step kind in its group's colour; decoration, its words stand beside it. `framed`: on a quiet tile. */
export function KindIcon({
  kind,
  group,
  framed,
  className,
}: {
  /** A kind's id (`http`, `http@1`) or a trigger's type (`schedule`, `webhook`, `manual`). */
  kind: string;
  group?: string;
  framed?: boolean;
  className?: string;
}) {
  const { icon: Icon, group: tone } = kindLook(kind, group);
  if (!framed) return <Icon aria-hidden className={cx("size-4 shrink-0", GROUP_TEXT[tone], className)} />;
  return (
    <span
      className={cx(
        "flex size-7 shrink-0 items-center justify-center rounded-md border border-line bg-paper",
        GROUP_TEXT[tone],
        className,
      )}
    >
      <Icon aria-hidden className="size-4" />
    </span>
  );
}
