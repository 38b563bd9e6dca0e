/** The server counts lines by LF and columns in Unicode characters, both from 1; CodeMirror counts UTF-16 units from 0. */
import type { Text } from "@codemirror/state";
import type { Finding, Place } from "./types";

export interface Range {
  from: number;
  to: number;
}

/** The offset of a line and a column of the server, kept inside the text. */
export function offsetOf(text: Text, line: number, column = 1): number {
  const { from, text: words } = text.line(within(line, text));
  // The server counts without the byte order mark and without the CR of a line's end.
  const skipped = from === 0 && words.startsWith("\ufeff") ? 1 : 0;
  let at = skipped;
  for (let passed = 1; passed < column && at < words.length; passed++) {
    at += (words.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return from + Math.min(at, lengthOf(words));
}

/** A line without the CR of its end. */
export function lengthOf(line: string): number {
  return line.endsWith("\r") ? line.length - 1 : line.length;
}

/** From the start of one line to the end of another. */
export function linesRange(text: Text, first: number, last: number): Range {
  return { from: text.line(within(first, text)).from, to: text.line(within(Math.max(first, last), text)).to };
}

/** What a finding is about: the word at its place, or its lines; the start of the text where it names no line. */
export function rangeOf(text: Text, finding: Finding): Range {
  if (finding.line == null) return { from: 0, to: Math.min(text.length, lengthOf(text.line(1).text)) };
  const from = offsetOf(text, finding.line, finding.column ?? 1);
  const last = text.line(within(Math.max(finding.end_line ?? finding.line, finding.line), text));
  const to = last.from + lengthOf(last.text);
  if (finding.column != null) return { from, to: Math.max(from, to) };
  const indent = /^\s*/.exec(text.lineAt(from).text)?.[0].length ?? 0;
  return { from: Math.min(from + indent, to), to };
}

/** The lines of a step with all its inner steps. */
export function treeOf(text: Text, place: Place): Range {
  return linesRange(text, place.line, place.tree_end_line);
}

function within(line: number, text: Text): number {
  return Math.min(Math.max(Math.trunc(line), 1), text.lines);
}
