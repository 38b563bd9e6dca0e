import { cx } from "@/ui/cx";
import { statusLook, TONE_TEXT } from "@/ui/status";

/** The sign of a status without its word, which a screen reader still says. */
export function StatusMark({ status, className }: { status: string; className?: string }) {
  const { icon: Icon, tone, spins, word } = statusLook(status);
  return (
    <span className={cx("inline-flex shrink-0", TONE_TEXT[tone], className)} title={word}>
      <Icon aria-hidden className={cx("size-4", spins && "animate-spin")} />
      <span className="sr-only">{word}</span>
    </span>
  );
}
