import { SkeletonLines } from "@/ui/Skeleton";
import { Tree } from "@/ui/Tree";
import type { StepDetail } from "./types";

/** The settings that the last attempt was given, with all expressions worked out. Secrets are never among them. */
export function StepInput({ detail }: { detail: StepDetail | undefined }) {
  if (!detail) return <SkeletonLines lines={4} label="Loading the input" />;
  if (detail.input === null) {
    return (
      <p className="text-sm text-ink-soft">{detail.input_missing ?? "What it was given is not known any more."}</p>
    );
  }
  if (Object.keys(detail.input).length === 0) return <p className="text-sm text-ink-soft">It has no settings.</p>;
  return <Tree key={detail.path} value={detail.input} name="Input" />;
}
