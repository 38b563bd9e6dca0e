/** Which of a step's turns to show. Pure. */
import { nameOf, type Outline } from "./outline";
import { segmentsOf } from "./paths";
import { isSettled, type ShownStatus, statusOf } from "./states";
import type { StepTrace } from "./trace";
import type { RunView } from "./watch";

/** The paths of one step in all turns, in the order of the turns. */
export function pathsOf(node: string, steps: ReadonlyMap<string, StepTrace>): string[] {
  const paths: string[] = [];
  for (const step of steps.values()) if (step.node === node) paths.push(step.path);
  return paths.sort(byTurns);
}

/** The path to show for a step that was chosen on the canvas: what needs attention, else what goes on, else the last turn. */
export function pathOf(node: string, { run, steps }: Pick<RunView, "run" | "steps">, outline: Outline): string {
  const paths = pathsOf(node, steps);
  const statusAt = (path: string): ShownStatus => {
    const step = steps.get(path);
    return step ? statusOf(step, run, outline) : "skipped";
  };
  return (
    paths.find((path) => statusAt(path) === "failed" || statusAt(path) === "asking") ??
    paths.find((path) => !isSettled(statusAt(path))) ??
    paths.findLast((path) => statusAt(path) !== "skipped") ??
    paths.at(-1) ??
    node
  );
}

function byTurns(one: string, other: string): number {
  const theirs = segmentsOf(other);
  for (const [i, { turn }] of segmentsOf(one).entries()) {
    const difference = (turn ?? 0) - (theirs[i]?.turn ?? 0);
    if (difference) return difference;
  }
  return 0;
}

/** The steps of the top level that the run has taken: it can be taken again from any of them. */
export function retryFrom({ steps }: Pick<RunView, "steps">, outline: Outline): { value: string; label: string }[] {
  const taken = [...steps.values()].filter(({ path, node, status }) => path === node && status !== "skipped");
  return taken.map(({ path, node }) => ({ value: path, label: nameOf(outline, node) }));
}
