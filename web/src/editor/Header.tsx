import { useQuery } from "@tanstack/react-query";
import {
  Activity,
  AlarmClock,
  ArrowLeft,
  ChartColumn,
  Columns2,
  EllipsisVertical,
  FileText,
  PanelRight,
  Workflow,
} from "lucide-react";
import { type OpenDocument, useDocument } from "@/document";
import { Link } from "@/navigation";
import { type Agent, versionQuery } from "@/versions";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { useIsNarrow } from "@/ui/platform";
import { SegmentedControl } from "@/ui/SegmentedControl";
import { Tooltip } from "@/ui/Tooltip";
import type { Action, Actions } from "./actions";
import { countWords, isError } from "./findings";
import type { Running } from "./running";
import { SavingState } from "./SavingState";
import { closeSide, type Layout, openSide, useEditor, useEditorStore } from "./state";

interface HeaderProps {
  document: OpenDocument;
  agent: Agent;
  actions: Actions;
  running: Running;
}

/** What the agent is called, how its draft stands, and what can be done with it. */
export function Header({ document, agent, actions, running }: HeaderProps) {
  const title = useDocument(document, (state) => state.drawn?.spec?.title) || agent.name;
  return (
    <header className="flex min-h-(--bar-height) shrink-0 items-center gap-x-3 border-b border-line bg-paper px-3 py-1.5 max-sm:gap-x-1 max-sm:px-1.5">
      <Link
        href="/"
        aria-label="All agents"
        className="square-sm control-sm flex shrink-0 items-center justify-center rounded-md text-ink-faint hover:bg-hover hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-4" />
      </Link>
      <div className="flex min-w-0 grow items-center gap-3 max-sm:flex-col max-sm:items-start max-sm:gap-0.5">
        <h1 className="max-w-full min-w-24 truncate text-base font-semibold" title={title}>
          {title}
        </h1>
        <div className="flex shrink-0 items-center gap-3 max-sm:max-w-full max-sm:gap-1.5">
          <LiveState document={document} agent={agent} />
          <SavingState document={document} />
        </div>
      </div>
      <div className="flex shrink-0 items-center gap-1">
        <History document={document} actions={actions} />
        <Views />
        <Button
          icon={actions.run.icon}
          size="sm"
          className="max-xl:[&_kbd]:hidden"
          shortcut={actions.run.keys}
          busy={running.busy}
          disabled={actions.run.disabled}
          onClick={actions.run.run}
        >
          Run
        </Button>
        <MakeLive document={document} agent={agent} action={actions.live} />
        <More actions={actions} running={running} agent={agent} />
      </div>
    </header>
  );
}

/** Whether a version is live, and whether the draft says something else. */
function LiveState({ document, agent }: { document: OpenDocument; agent: Agent }) {
  const isSame = useIsLive(document, agent);
  if (agent.live_version === null) return <Badge tone="idle">Draft, not live yet</Badge>;
  return (
    <span className="flex items-center gap-1.5">
      {agent.paused_at === null ? (
        <Badge tone="live">{`Live: version ${agent.live_version}`}</Badge>
      ) : (
        <Badge tone="warn">{`Paused: version ${agent.live_version}`}</Badge>
      )}
      {isSame === false && (
        <Badge tone="idle">
          <span className="max-sm:hidden">Draft with changes</span>
          <span className="sm:hidden">Changed</span>
        </Badge>
      )}
    </span>
  );
}

/** Whether the draft says what is live; null while that is not known. */
function useIsLive(document: OpenDocument, agent: Agent): boolean | null {
  const live = useQuery({ ...versionQuery(agent.id, agent.live_version ?? 0), enabled: agent.live_version !== null });
  const isSame = useDocument(document, (state) => state.text === live.data?.markdown);
  if (agent.live_version === null) return false;
  return live.data ? isSame : null;
}

function History({ document, actions: { undo, redo } }: { document: OpenDocument; actions: Actions }) {
  const canUndo = useDocument(document, (state) => state.can_undo);
  const canRedo = useDocument(document, (state) => state.can_redo);
  return (
    <div className="flex items-center gap-1 max-sm:hidden">
      <IconButton
        label={undo.title}
        icon={undo.icon}
        shortcut={undo.keys}
        disabled={!canUndo || undo.disabled}
        onClick={undo.run}
      />
      <IconButton
        label={redo.title}
        icon={redo.icon}
        shortcut={redo.keys}
        disabled={!canRedo || redo.disabled}
        onClick={redo.run}
      />
    </div>
  );
}

const LAYOUTS = [
  { value: "text", label: "Text only", icon: FileText, hideLabel: true },
  { value: "both", label: "Text and canvas", icon: Columns2, hideLabel: true },
  { value: "canvas", label: "Canvas only", icon: Workflow, hideLabel: true },
] as const;

/** Which views are open. A narrow screen has tabs instead. */
function Views() {
  const store = useEditorStore();
  const layout = useEditor((state) => state.layout);
  const side = useEditor((state) => state.side);
  return (
    <div className="flex items-center gap-1 max-sm:hidden">
      <SegmentedControl<Layout>
        label="Views"
        segments={LAYOUTS}
        value={layout}
        onChange={(next) => store.setState({ layout: next })}
      />
      <IconButton
        label={side ? "Close the panel" : "Open the panel"}
        icon={PanelRight}
        pressed={side !== null}
        onClick={() => (side ? closeSide(store) : openSide(store, "settings"))}
      />
    </div>
  );
}

/** Errors keep a draft from going live, and so does that it is live already; the button says so instead of failing. */
function MakeLive({ document, agent, action }: { document: OpenDocument; agent: Agent; action: Action }) {
  const store = useEditorStore();
  const findings = useDocument(document, (state) => state.reading?.findings);
  const isLive = useIsLive(document, agent) === true;
  const errors = findings?.filter(isError) ?? [];
  const why = errors.length
    ? `${countWords(errors)} to mend first. Press to see them.`
    : isLive && "The draft is live already.";
  const press = () => {
    if (errors.length) store.setState({ are_findings_open: true });
    else if (!isLive) action.run();
  };
  const button = (
    <Button
      size="sm"
      variant="primary"
      disabled={action.disabled}
      aria-disabled={Boolean(why) || undefined}
      className={cx("max-sm:hidden", why && "opacity-55")}
      onClick={press}
    >
      Make live
    </Button>
  );
  return why ? <Tooltip text={why}>{button}</Tooltip> : button;
}

function More({ actions, running, agent }: { actions: Actions; running: Running; agent: Agent }) {
  const item = ({ title, icon, keys, disabled, run }: Action) => ({
    label: title,
    icon,
    shortcut: keys,
    disabled,
    onSelect: run,
  });
  const isNarrow = useIsNarrow();
  return (
    <Menu
      trigger={<IconButton label="More" icon={EllipsisVertical} />}
      items={[
        ...(isNarrow ? [item(actions.live), item(actions.undo), item(actions.redo), "line" as const] : []),
        item(actions.settings),
        item(actions.versions),
        { label: "Run with inputs", icon: actions.run.icon, disabled: actions.run.disabled, onSelect: running.ask },
        { label: "What starts it", icon: AlarmClock, href: `/agents/${agent.id}/triggers` },
        { label: "Runs of this agent", icon: Activity, href: `/runs?agent=${agent.id}` },
        { label: "Its figures", icon: ChartColumn, href: `/figures?agent=${agent.id}` },
        "line",
        item(actions.download),
        item(actions.copy),
        item(actions.save),
      ]}
    />
  );
}
