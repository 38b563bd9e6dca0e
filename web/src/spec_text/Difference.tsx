import { lazy, Suspense } from "react";
import { useIsNarrow } from "@/ui/platform";
import { TextSkeleton } from "./TextSkeleton";

export interface DifferenceProps {
  before: string;
  after: string;
  /** How the two are called. */
  names: readonly [string, string];
}

const DifferenceView = lazy(() => import("./DifferenceView"));

/** What differs between two texts, to read: beside each other, on a narrow screen under one another. */
export function Difference(props: DifferenceProps) {
  const isNarrow = useIsNarrow();
  return (
    <Suspense fallback={<TextSkeleton />}>
      <DifferenceView {...props} isUnified={isNarrow} />
    </Suspense>
  );
}
