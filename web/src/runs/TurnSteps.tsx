import { StatusMark } from "./StatusMark";
import { nameOf, type Outline } from "./outline";
import { parentOf } from "./paths";
import { statusOf } from "./states";
import type { RunView } from "./watch";

/** What one turn of a loop consists of. */
export function TurnSteps({
  view,
  outline,
  turn,
  onChoose,
}: {
  view: RunView;
  outline: Outline;
  turn: string;
  onChoose: (path: string) => void;
}) {
  const steps = [...view.steps.values()].filter(({ path }) => parentOf(path) === turn);
  return (
    <ul className="flex flex-col overflow-y-auto p-2" aria-label="Steps of this turn">
      {steps.map((step) => (
        <li key={step.path}>
          <button
            type="button"
            onClick={() => onChoose(step.path)}
            className="control-md flex w-full items-center gap-2 rounded-md px-2 text-left text-sm hover:bg-hover"
          >
            <StatusMark status={statusOf(step, view.run, outline)} />
            <span className="truncate">{nameOf(outline, step.node)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
