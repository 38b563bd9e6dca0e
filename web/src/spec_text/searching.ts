/** Find and replace (Ctrl-F), in the words of the app. */
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { keymap } from "@codemirror/view";

const WORDS = {
  next: "Next",
  previous: "Previous",
  all: "All",
  "match case": "Match case",
  "by word": "Whole words",
  regexp: "Pattern",
  replace: "Replace",
  "replace all": "Replace all",
  close: "Close",
};

export function searching(): Extension {
  return [search({ top: true }), keymap.of(searchKeymap), EditorState.phrases.of(WORDS)];
}
