import { lazy, Suspense } from "react";
import { TextSkeleton } from "./TextSkeleton";

export interface BothTextsProps {
  theirs: string;
  mine: string;
  /** Hears the right text as it becomes. */
  onMerged: (text: string) => void;
}

const MergedTexts = lazy(() => import("./MergedTexts"));

/**
 * Two texts of one agent beside each other: theirs at the left, mine at the right, which can be edited and into which
 * single changes can be taken over. Few ever see it: its code is loaded when it is shown.
 */
export function BothTexts(props: BothTextsProps) {
  return (
    <Suspense fallback={<TextSkeleton />}>
      <MergedTexts {...props} />
    </Suspense>
  );
}
