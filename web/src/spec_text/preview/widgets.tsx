import { WidgetType } from "@codemirror/view";
import { createRoot, type Root } from "react-dom/client";
import { KindIcon } from "@/ui/KindIcon";

interface Head {
  title: string;
  /** A step kind, or a trigger's type: its icon is drawn. */
  kind?: string;
  group?: string;
  /** What stands at the right: the kind's id, the language. */
  note?: string;
}

const roots = new WeakMap<HTMLElement, Root>();

/** The head of a card, in the place of a fence's first line. */
export class CardHead extends WidgetType {
  constructor(private readonly head: Head) {
    super();
  }

  override eq({ head }: CardHead): boolean {
    const { title, kind, group, note } = this.head;
    return title === head.title && kind === head.kind && group === head.group && note === head.note;
  }

  override toDOM(): HTMLElement {
    const box = document.createElement("span");
    box.className = "cm-p-head";
    const root = createRoot(box);
    roots.set(box, root);
    const { title, kind, group, note } = this.head;
    root.render(
      <>
        {kind && <KindIcon kind={kind} group={group} className="size-3.5" />}
        {title && <span className="cm-p-title">{title}</span>}
        {note && <span className="cm-p-note">{note}</span>}
      </>,
    );
    return box;
  }

  override destroy(box: HTMLElement): void {
    // React must not be asked to unmount while it draws.
    const root = roots.get(box);
    queueMicrotask(() => root?.unmount());
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

/** The dot of a list's item. */
export class Bullet extends WidgetType {
  override eq(): boolean {
    return true;
  }

  override toDOM(): HTMLElement {
    const dot = document.createElement("span");
    dot.className = "cm-p-bullet";
    dot.textContent = "•";
    return dot;
  }
}
