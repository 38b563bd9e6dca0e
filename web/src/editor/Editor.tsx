import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { Canvas } from "@/canvas";
import { DocumentProvider, type OpenDocument, useDocument, useKinds } from "@/document";
import { PageTitle, useGo, useParam } from "@/navigation";
import { outlineOf, useRun, useStepStates } from "@/runs";
import { useSession } from "@/session";
import { type Agent, CanaryBanner, versionsPath } from "@/versions";
import { cx } from "@/ui/cx";
import { useIsNarrow } from "@/ui/platform";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { SkeletonLines } from "@/ui/Skeleton";
import { actionsOf, useActions } from "./actions";
import { ConflictDialog } from "./ConflictDialog";
import { FindingsBar } from "./FindingsBar";
import { Header } from "./Header";
import { lastValuesOf } from "./last_values";
import { Notices } from "./Notices";
import { goTo, useLinkedStep } from "./places";
import { lastRunQuery } from "./queries";
import { type Running, useRunning } from "./running";
import type { SidePanelProps } from "./SidePanel";
import { Split } from "./Split";
import {
  callSettings,
  createEditorStore,
  EditorProvider,
  showSelected,
  type Tab,
  useEditor,
  useEditorStore,
} from "./state";
import { TextPane } from "./TextPane";

const loadSidePanel = () => import("./SidePanel").then(({ SidePanel }) => ({ default: SidePanel }));
const LazySidePanel = lazy(loadSidePanel);
const MakeLiveDialog = lazy(() => import("./MakeLiveDialog").then((part) => ({ default: part.MakeLiveDialog })));

interface EditorProps {
  agent: Agent;
  document: OpenDocument;
}

/** An agent as text and as canvas, with what stands beside them. */
export function Editor({ agent, document }: EditorProps) {
  const runId = useParam("run");
  const [store] = useState(() => createEditorStore(runId === null ? null : "run"));
  const { may } = useSession();
  const running = useRunning(document, agent.id, store);
  const mayEdit = may("agents:write");
  const go = useGo();
  const showVersions = () => go(versionsPath(agent.id));
  const actions = actionsOf({ document, store, running, mayEdit, mayRun: may("runs:write"), showVersions });
  useActions(actions);
  useLinkedStep(document, store);
  useSidePanelSoon();
  return (
    <DocumentProvider document={document}>
      <EditorProvider value={store}>
        <PageTitle>{agent.name}</PageTitle>
        <main className="flex h-full min-h-0 flex-col">
          <Header {...{ document, agent, actions, running }} />
          <Notices document={document} />
          <CanaryBanner agentId={agent.id} />
          <Views {...{ document, agent, running }} readOnly={!mayEdit} />
          <FindingsBar document={document} />
        </main>
        <Dialogs {...{ document, agent }} />
        <ConflictDialog document={document} />
      </EditorProvider>
    </DocumentProvider>
  );
}

interface ViewsProps extends EditorProps {
  running: Running;
  readOnly: boolean;
}

/** The text, the canvas and the panel: beside each other, or on a narrow screen one at a time. */
function Views({ document, agent, running, readOnly }: ViewsProps) {
  const store = useEditorStore();
  const isNarrow = useIsNarrow();
  const { layout, side, tab } = useEditor((state) => state);
  const { states, lastValues } = useLastRun(document, agent.id, running.runId);
  const kinds = useKinds();
  const text = <TextPane document={document} readOnly={readOnly} />;
  const canvas = (
    <Canvas
      document={document}
      kinds={kinds}
      readOnly={readOnly}
      statuses={running.runId ? states : undefined}
      onSelect={(node) => !isNarrow && showSelected(store, node)}
      onOpen={() => callSettings(store)}
      onFinding={(finding) => goTo(document, store, finding)}
    />
  );
  const panel = { document, running, lastValues, readOnly };
  if (isNarrow) {
    return (
      <>
        <TabBar tab={tab} />
        <div className="min-h-0 grow">
          {tab === "text" && text}
          {tab === "canvas" && canvas}
          {(tab === "settings" || tab === "run") && <SidePanel {...panel} side={tab} isTab />}
        </div>
      </>
    );
  }
  return (
    <div className="relative flex min-h-0 grow">
      <div className="min-w-0 grow">
        <Split left={text} right={canvas} shows={layout} />
      </div>
      {side && (
        <div
          className={cx(
            "w-92 shrink-0 border-l border-line max-xl:absolute max-xl:inset-y-0 max-xl:z-2 max-xl:shadow-float",
            // Where there is no room for three, it lies over the text, so that the canvas stays in sight.
            layout === "both" ? "max-xl:left-0 max-xl:border-l-0 max-xl:border-r" : "max-xl:right-0",
          )}
        >
          <SidePanel {...panel} side={side} />
        </div>
      )}
    </div>
  );
}

/** The panel's code comes with the first sign that a person is here: in time for what they press. */
function useSidePanelSoon(): void {
  useEffect(() => {
    const load = () => void loadSidePanel().catch(() => undefined);
    const signs = ["pointermove", "pointerdown", "keydown"] as const;
    for (const sign of signs) window.addEventListener(sign, load, { once: true });
    return () => {
      for (const sign of signs) window.removeEventListener(sign, load);
    };
  }, []);
}

function SidePanel(props: SidePanelProps) {
  return (
    <Suspense fallback={<SkeletonLines lines={6} className="p-4" />}>
      <LazySidePanel {...props} />
    </Suspense>
  );
}

const TABS: { value: Tab; label: string }[] = [
  { value: "text", label: "Text" },
  { value: "canvas", label: "Canvas" },
  { value: "settings", label: "Settings" },
  { value: "run", label: "Run" },
];

function TabBar({ tab }: { tab: Tab }) {
  const store = useEditorStore();
  return (
    <div className="flex shrink-0 justify-center border-b border-line bg-paper p-1.5">
      <SegmentedControl label="View" segments={TABS} value={tab} onChange={(next) => store.setState({ tab: next })} />
    </div>
  );
}

/** How the steps of the watched run stand; and what the last run gave, which is the watched one if there is one. */
function useLastRun(document: OpenDocument, agentId: string, runId: string | null) {
  const last = useQuery(lastRunQuery(agentId));
  const view = useRun(runId ?? last.data ?? null);
  const flow = useDocument(document, (state) => state.drawn?.flow ?? null);
  const outline = useMemo(() => outlineOf(flow), [flow]);
  const states = useStepStates(view, outline);
  const lastValues = useMemo(() => lastValuesOf({ run: view.run, steps: view.steps }), [view.run, view.steps]);
  return { states, lastValues };
}

function Dialogs({ document, agent }: EditorProps) {
  const store = useEditorStore();
  const dialog = useEditor((state) => state.dialog);
  const close = () => store.setState({ dialog: null });
  const showFindings = () => store.setState({ dialog: null, are_findings_open: true });
  return (
    <Suspense>
      {dialog === "live" && <MakeLiveDialog {...{ document, agent }} onClose={close} onShowFindings={showFindings} />}
    </Suspense>
  );
}
