/**
 * Stands in for `@codemirror/lang-html` in the web app's bundle (see `next.config.ts`): the markdown mode insists on a
 * language for embedded HTML, which would bring the parsers of HTML, CSS and JavaScript along. Specs need none of them.
 */
import { LanguageSupport, StreamLanguage } from "@codemirror/language";

const text = StreamLanguage.define({
  token(stream) {
    stream.skipToEnd();
    return null;
  },
});

/** HTML as plain text. */
export function html(): LanguageSupport {
  return new LanguageSupport(text);
}

/** Nothing to complete. */
export function htmlCompletionSource(): null {
  return null;
}
