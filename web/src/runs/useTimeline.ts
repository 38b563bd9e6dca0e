import { useCallback, useMemo, useState } from "react";
import type { Outline } from "./outline";
import { rowsOf, toUnfold, treeOf } from "./timeline";
import type { RunView } from "./watch";

/** The rows of a run's timeline, with what a person has folded. */
export function useTimeline({ run, steps }: RunView, outline: Outline) {
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map());
  const tree = useMemo(() => treeOf({ run, steps }, outline), [run, steps, outline]);
  const rows = useMemo(() => rowsOf(tree, outline, folds), [tree, outline, folds]);
  const fold = useCallback(
    (key: string, isOpen: boolean) => setFolds((before) => new Map(before).set(key, isOpen)),
    [],
  );
  /** Unfolds what is around a step. */
  const reveal = useCallback((path: string) => {
    setFolds((before) => new Map([...before, ...toUnfold(path).map((key) => [key, true] as const)]));
  }, []);
  return { tree, rows, fold, reveal };
}
