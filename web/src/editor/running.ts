/** Running what stands in the editor: kept as a version, started with inputs, watched. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useGo, useParam } from "@/navigation";
import type { OpenDocument } from "@/document";
import { canStartAtOnce } from "@/run_form";
import { startRun } from "@/runs";
import { publish } from "@/versions";
import { queryClient } from "@/client/queries";
import { isError } from "./findings";
import { type EditorStore, openSide } from "./state";

export interface Running {
  /** The run that is watched. */
  runId: string | null;
  /** The inputs are asked for. */
  is_asking: boolean;
  /** The text has errors, so nothing was started. */
  is_blocked: boolean;
  busy: boolean;
  problem: unknown;
  /** What the last run was started with here. */
  inputs: Record<string, unknown> | undefined;
  /** Runs the text as it stands: at once, or after its inputs are filled in. */
  run: () => void;
  /** The same with what the last run was given. */
  again: () => void;
  /** Asks for the inputs, also where all have defaults. */
  ask: () => void;
  start: (inputs: Record<string, unknown>) => void;
  cancel: () => void;
}

export function useRunning(document: OpenDocument, agentId: string, store: EditorStore): Running {
  const go = useGo();
  const runId = useParam("run");
  const [is_asking, setAsking] = useState(false);
  const [is_blocked, setBlocked] = useState(false);
  const [inputs, setInputs] = useState<Record<string, unknown>>();
  const starting = useMutation({
    mutationFn: async (given: Record<string, unknown>) => {
      await document.save();
      return startRun(agentId, await publish(agentId, document.get().text), given);
    },
    onSuccess: (started, given) => {
      setInputs(given);
      setAsking(false);
      go(`/agents/${agentId}?run=${started}`, { replace: true });
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
    },
  });
  /** Shows the panel; false when the text has errors, which have to be mended first. */
  const prepare = () => {
    starting.reset();
    openSide(store, "run");
    const has_errors = document.get().reading?.findings.some(isError) ?? false;
    setBlocked(has_errors);
    if (has_errors) store.setState({ are_findings_open: true });
    return !has_errors;
  };
  const start = (given: Record<string, unknown>) => {
    if (prepare()) starting.mutate(given);
  };
  const ask = () => {
    if (prepare()) setAsking(true);
  };
  const run = () => {
    const spec = document.get().drawn?.spec;
    // A text that is not read yet may need inputs: it asks.
    if (spec && canStartAtOnce(spec.inputs ?? {})) start({});
    else ask();
  };
  const again = () => {
    if (inputs) start(inputs);
    else run();
  };
  return {
    ...{ runId, is_asking, is_blocked, inputs, run, again, ask, start },
    busy: starting.isPending,
    problem: starting.error,
    cancel: () => setAsking(false),
  };
}
