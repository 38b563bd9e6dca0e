import { useCallback, useMemo, useState } from "react";
import type { Outline } from "./outline";
import { rowsOf, toUnfold, treeOf } from "./timeline";
import type { RunView } from "./watch";

/** The rows of a run's timeline, with what a person has folded. What is around the selected step is unfolded for it. */
export function useTimeline({ run, steps }: RunView, outline: Outline, selection: string | null = null) {
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(() => unfolded(new Map(), selection));
  const [revealed, setRevealed] = useState(selection);
  if (revealed !== selection) {
    setRevealed(selection);
    setFolds((before) => unfolded(before, selection));
  }
  const tree = useMemo(() => treeOf({ run, steps }, outline), [run, steps, outline]);
  const rows = useMemo(() => rowsOf(tree, outline, folds), [tree, outline, folds]);
  const fold = useCallback(
    (key: string, isOpen: boolean) => setFolds((before) => new Map(before).set(key, isOpen)),
    [],
  );
  return { tree, rows, fold };
}

function unfolded(folds: ReadonlyMap<string, boolean>, path: string | null): ReadonlyMap<string, boolean> {
  return path === null ? folds : new Map([...folds, ...toUnfold(path).map((key) => [key, true] as const)]);
}
