/** Everything that can be done on the canvas, as objects: what it is called, its keys, when it can be, what it does. Pure. */
import type { Change } from "@/document/types";
import { deleted, disconnected, moved } from "./changes";
import type { Command, Editable, Outcome, Situation } from "./command";
import { type GraphEdge, type GraphNode, type Graph, groupedBySource } from "./graph";
import { isSelectable, moveOf, neighbour } from "./neighbours";
import { connecting, nextTarget, targets } from "./ways";

const NOTHING: Outcome = { does: "nothing" };
const IDLE: Outcome = { does: "mode", mode: { is: "idle" } };

type WithStep = Editable & { selected: GraphNode & { step: string } };

function isEditable(situation: Situation): situation is Editable {
  return situation.outline !== null && situation.mode.is === "idle";
}

/** A step of the document is selected, and can be changed. */
function hasStep(situation: Situation): situation is WithStep {
  const { selected } = situation;
  return isEditable(situation) && selected !== null && selected.step !== null && selected.shape !== "trigger";
}

function change(one: Change | null): Outcome {
  return one === null ? NOTHING : { does: "change", changes: [one] };
}

/** A command for the selected step. */
function onStep(command: Omit<Command, "when" | "perform" | "group">, perform: (at: WithStep) => Outcome): Command {
  return {
    ...command,
    group: "Change",
    when: hasStep,
    perform: (situation) => (hasStep(situation) ? perform(situation) : NOTHING),
  };
}

function arrow(key: "Up" | "Down" | "Left" | "Right", title: string): Command {
  return {
    id: `go-${key.toLowerCase()}`,
    title,
    keys: [key],
    group: "Go",
    when: ({ mode }) => mode.is === "idle" || mode.is === "connecting",
    perform({ graph, layout, selected, edge, mode }) {
      const move = moveOf(key, layout.direction);
      if (move === null) return NOTHING;
      if (mode.is === "connecting") {
        return {
          does: "mode",
          mode: { ...mode, to: nextTarget(graph, mode, move === "back" || move === "before" ? -1 : 1) },
        };
      }
      const node =
        (move === "forward" && alongEdge(graph, edge)) || neighbour(graph, layout, selected?.id ?? null, move);
      return node === null ? NOTHING : { does: "select", node };
    },
  };
}

/** Where a selected arrow leads, if that can be selected too. */
function alongEdge({ nodes }: Graph, edge: GraphEdge | null): string | null {
  return nodes.find((node) => node.id === edge?.to && isSelectable(node))?.id ?? null;
}

/** The arrow after (or before) the selected one among those that leave a node. */
function nextEdge(graph: Graph, node: GraphNode, edge: GraphEdge | null): string | null {
  const ways = (groupedBySource(graph.edges).get(node.id) ?? []).filter((one) => one.route !== null);
  const at = edge === null ? -1 : ways.findIndex((one) => one.id === edge.id);
  return ways[at + 1]?.id ?? null;
}

export const COMMANDS: readonly Command[] = [
  arrow("Right", "Go right"),
  arrow("Left", "Go left"),
  arrow("Up", "Go up"),
  arrow("Down", "Go down"),
  {
    id: "leave",
    title: "Leave, select nothing",
    keys: ["Esc"],
    group: "Go",
    when: ({ mode, selected, edge }) => mode.is !== "idle" || selected !== null || edge !== null,
    perform: ({ mode, edge }) => {
      if (mode.is !== "idle") return IDLE;
      return edge === null ? { does: "select", node: null } : { does: "select-edge", edge: null };
    },
  },
  {
    id: "open",
    title: "Open the settings",
    keys: ["Enter"],
    group: "Go",
    when: ({ mode, selected, edge }) =>
      mode.is === "connecting" || (mode.is === "idle" && (selected?.step != null || edge !== null)),
    perform(situation) {
      const { mode, selected, edge } = situation;
      if (mode.is === "connecting") {
        return mode.to !== null && situation.outline !== null
          ? connecting({ ...situation, outline: situation.outline }, mode.from, mode.to)
          : IDLE;
      }
      if (edge) return situation.outline ? { does: "mode", mode: { is: "editing-label", edge: edge.id } } : NOTHING;
      return selected?.step != null ? { does: "open", node: selected.step } : NOTHING;
    },
  },
  {
    id: "next-route",
    title: "Select the step's next arrow",
    keys: ["R"],
    group: "Go",
    when: ({ mode, selected }) => mode.is === "idle" && selected !== null,
    perform: ({ graph, selected, edge }) =>
      selected ? { does: "select-edge", edge: nextEdge(graph, selected, edge) } : NOTHING,
  },
  {
    id: "add",
    title: "Add a step",
    keys: ["/"],
    group: "Change",
    when: isEditable,
    perform: ({ selected }) => choosing(selected === null || selected.step === null ? null : selected.id),
  },
  onStep({ id: "add-after", title: "Add a step after this one", keys: ["A"] }, ({ selected, edge }) =>
    edge
      ? { does: "mode", mode: { is: "choosing-kind", spot: { after: null, edge: edge.id }, at: null } }
      : choosing(selected.id),
  ),
  {
    id: "add-into",
    title: "Add a step inside",
    keys: ["I"],
    group: "Change",
    when: (situation) => hasStep(situation) && situation.selected.shape === "frame",
    perform: ({ selected }) =>
      selected?.step != null
        ? { does: "mode", mode: { is: "choosing-kind", spot: { after: null, into: selected.step }, at: null } }
        : NOTHING,
  },
  onStep({ id: "add-error", title: "Add a step for when it fails", keys: ["E"] }, ({ selected }) => ({
    does: "mode",
    mode: { is: "choosing-kind", spot: { after: selected.id, isError: true }, at: null },
  })),
  onStep({ id: "connect", title: "Connect to another step", keys: ["C"] }, ({ graph, selected }) => ({
    does: "mode",
    mode: { is: "connecting", from: selected.id, to: targets(graph, selected.id)[0] ?? null },
  })),
  onStep({ id: "rename", title: "Rename", keys: ["F2"] }, ({ selected }) => ({
    does: "mode",
    mode: { is: "renaming", node: selected.id },
  })),
  onStep({ id: "duplicate", title: "Duplicate", keys: ["D", "Mod+D"] }, ({ selected }) =>
    change({ op: "duplicate", node: selected.step }),
  ),
  {
    id: "delete",
    title: "Delete",
    keys: ["Delete", "Backspace"],
    group: "Change",
    when: (situation) => isEditable(situation) && (situation.edge !== null || situation.selected?.step != null),
    perform(situation) {
      const { graph, layout, selected, edge } = situation;
      if (edge) return change(disconnected(edge));
      const cut = selected && deleted(selected);
      if (!selected || !cut) return NOTHING;
      const beside = neighbour(graph, layout, selected.id, "back") ?? neighbour(graph, layout, selected.id, "forward");
      const select = graph.nodes.find((node) => node.id === beside)?.step ?? null;
      return { does: "change", changes: [cut], select };
    },
  },
  onStep({ id: "earlier", title: "Move earlier in the document", keys: ["Alt+Up", "Alt+Left"] }, (at) =>
    change(moved(at.outline, at.selected.step, -1)),
  ),
  onStep({ id: "later", title: "Move later in the document", keys: ["Alt+Down", "Alt+Right"] }, (at) =>
    change(moved(at.outline, at.selected.step, 1)),
  ),
  {
    id: "undo",
    title: "Undo",
    keys: ["Mod+Z"],
    group: "Change",
    when: ({ canUndo }) => canUndo,
    perform: () => ({ does: "history", step: "undo" }),
  },
  {
    id: "redo",
    title: "Redo",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    group: "Change",
    when: ({ canRedo }) => canRedo,
    perform: () => ({ does: "history", step: "redo" }),
  },
  view("fit", "Show everything", ["F"]),
  view("in", "Zoom in", ["Plus", "="]),
  view("out", "Zoom out", ["-"]),
  {
    id: "help",
    title: "Show the keys",
    keys: ["?"],
    group: "View",
    when: ({ mode }) => mode.is === "idle",
    perform: () => ({ does: "mode", mode: { is: "help" } }),
  },
];

function choosing(after: string | null): Outcome {
  return { does: "mode", mode: { is: "choosing-kind", spot: { after }, at: null } };
}

function view(id: "fit" | "in" | "out", title: string, keys: string[]): Command {
  return { id, title, keys, group: "View", when: () => true, perform: () => ({ does: "view", view: id }) };
}

/** The command that keys stand for in a situation, or null. */
export function commandFor(keys: string, situation: Situation): Command | null {
  return COMMANDS.find((command) => command.keys.includes(keys) && command.when(situation)) ?? null;
}
