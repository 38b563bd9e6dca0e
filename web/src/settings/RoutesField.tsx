import { ArrowRight, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { type Flow, type Kind, outcomesOf, type Step } from "@/document";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Select } from "@/ui/Select";
import { setting, useEditing } from "./editing";
import { LEADS, newRoute, type Route, withLead } from "./routes";
import { isTrigger, scopeOf, stepsOf } from "./scope";
import { namesIn } from "./names";
import { Section } from "./Section";
import { plainText, readExpression, WrittenText } from "./WrittenText";

/** Where the run goes after the step, line by line as the document says it. */
export function RoutesField({ step, kind, flow }: { step: Step; kind: Kind | undefined; flow: Flow }) {
  const { apply, readOnly } = useEditing();
  const [refused, setRefused] = useState<string | null>(null);
  const routes = step.routes ?? [];
  const set = async (at: number, route: Route | undefined) => {
    const problem = await apply(setting(step.id, ["routes", at], route));
    setRefused(problem);
    return problem;
  };
  const targets = targetsOf(flow, step.id);
  const outcomes = outcomesOf(kind, step.with ?? {});
  return (
    <Section
      title="Where it goes next"
      note={routes.length ? `${routes.length} routes` : "to the next step"}
      open={kind?.id === "condition"}
    >
      {routes.map((route, at) => (
        <RouteRow
          key={at}
          {...{ route, kind, flow, targets, outcomes, readOnly }}
          step={step}
          onSet={(next) => set(at, next)}
        />
      ))}
      {routes.length === 0 && <p className="text-sm text-ink-soft">It goes on with the next step of the document.</p>}
      {!readOnly && (
        <Button
          size="sm"
          variant="ghost"
          icon={Plus}
          className="self-start"
          onClick={() => void set(routes.length, newRoute(routes, targets[0]?.value ?? "stop"))}
        >
          Add a route
        </Button>
      )}
      {refused && <p className="text-xs text-bad">{refused}</p>}
    </Section>
  );
}

/** The steps of the same level, and the two ends. */
function targetsOf(flow: Flow, from: string) {
  const steps = stepsOf(flow);
  const depth = steps.find((one) => one.node.id === from)?.depth;
  const around = steps.filter(({ node, depth: own }) => node.id !== from && own === depth && !isTrigger(node));
  return [
    ...around.map(({ node }) => ({ value: node.id, label: node.name || node.id })),
    { value: "stop", label: "The end: this path stops" },
    { value: "fail", label: "Failure: the run fails" },
  ];
}

/** How the route may begin: "When" only where the step can end under names. */
function leadsOf(route: Route, kind: Kind | undefined, outcomes: string[]) {
  const hasOutcomes = outcomes.length > 0 || Boolean(kind?.outcomes_from) || route.lead === "when";
  const leads = Object.entries(LEADS).filter(([lead]) => lead !== "when" || hasOutcomes);
  return leads.map(([value, label]) => ({ value: value as Route["lead"], label }));
}

interface RouteRowProps {
  route: Route;
  step: Step;
  kind: Kind | undefined;
  flow: Flow;
  targets: { value: string; label: string }[];
  /** The names that the step can end under. */
  outcomes: string[];
  readOnly: boolean;
  /** Another route in its place; undefined: none. */
  onSet: (route: Route | undefined) => Promise<string | null>;
}

function RouteRow({ route, step, kind, flow, targets, outcomes, readOnly, onSet }: RouteRowProps) {
  const { kinds } = useEditing();
  const names = namesIn(flow, scopeOf(flow, step.id, true), kinds, null);
  const [to] = route.to;
  return (
    <div className="flex flex-col gap-2 rounded-md border border-line bg-paper p-2.5">
      <div className="flex items-center gap-1.5">
        <Select
          label="When it is taken"
          size="sm"
          options={leadsOf(route, kind, outcomes)}
          value={route.lead}
          disabled={readOnly}
          onChange={(lead) => void onSet(withLead(route, lead, outcomes))}
        />
        <IconButton label="Remove this route" icon={Trash2} disabled={readOnly} onClick={() => void onSet(undefined)} />
      </div>
      {(route.lead === "if" || route.lead === "when" || route.lead === "error") && (
        <WrittenText
          bare
          label={route.lead === "if" ? "Condition" : route.lead === "when" ? "Outcome" : "Kind of failure"}
          mode={route.lead === "if" ? "expression" : "plain"}
          placeholder={route.lead === "error" ? "any failure" : ""}
          value={route.test ?? undefined}
          toText={plainText}
          read={readExpression}
          {...{ names, readOnly }}
          onValue={(test) => onSet({ ...route, test: test as string | undefined })}
        />
      )}
      <div className="flex items-center gap-1.5">
        <ArrowRight aria-hidden className="size-4 shrink-0 text-ink-faint" />
        <Select
          label="Where it goes"
          size="sm"
          className="min-w-0"
          options={route.to.length > 1 ? [{ value: to ?? "", label: route.to.join(", ") }, ...targets] : targets}
          value={to ?? null}
          disabled={readOnly}
          onChange={(target) => void onSet({ ...route, to: [target] })}
        />
      </div>
    </div>
  );
}
