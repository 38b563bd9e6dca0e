/** What the canvas has just written lights up for a moment, so that the eye finds it. */
import { type Extension, Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin } from "@codemirror/view";
import { flashed } from "@/document/text_core";

const FLASH_MS = 1_600;
const faded = StateEffect.define<null>();
const mark = Decoration.mark({ class: "cm-flash" });

const lit = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let now = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(faded)) now = Decoration.none;
      if (effect.is(flashed)) {
        const ranges = effect.value.filter(({ from, to }) => from < to);
        now = Decoration.set(
          ranges.map(({ from, to }) => mark.range(from, to)),
          true,
        );
      }
    }
    return now;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Fades by a timer of each view: the marks must be gone when the animation has ended, or it would start anew. */
const fading = ViewPlugin.define((view) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    update({ transactions }) {
      const isLit = transactions.some(({ effects }) => effects.some((effect) => effect.is(flashed)));
      if (!isLit) return;
      clearTimeout(timer);
      timer = setTimeout(() => view.dispatch({ effects: faded.of(null) }), FLASH_MS);
    },
    destroy: () => clearTimeout(timer),
  };
});

export function flash(): Extension {
  // Marks that go before are the inner ones: a chip stays whole around what lights up in it.
  return Prec.highest([lit, fading]);
}
