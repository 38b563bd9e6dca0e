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

/** What a finding is about: the value at its place, or its lines; the start of the text where it names no line. */
export function rangeOf(text: Text, finding: Finding): Range {
  const { line: first, column, end_line: last } = finding;
  if (first == null) return { from: 0, to: Math.min(text.length, lengthOf(text.line(1).text)) };
  const from = offsetOf(text, first, column ?? 1);
  const line = text.line(within(Math.max(last ?? first, first), text));
  const end = line.from + lengthOf(line.text);
  if (column == null) {
    const indent = /^\s*/.exec(text.lineAt(from).text)?.[0].length ?? 0;
    return { from: Math.min(from + indent, end), to: end };
  }
  const isOneLine = line.from <= from;
  return { from, to: Math.max(from, isOneLine ? line.from + valueEnd(line.text, from - line.from) : end) };
}

/** Where the value that begins at a place of a line ends: before the bracket or the comma that it does not own. */
function valueEnd(line: string, start: number): number {
  const isInBrackets =
    (line.slice(0, start).match(/[{[]/g) ?? []).length > (line.slice(0, start).match(/[}\]]/g) ?? []).length;
  const end = lengthOf(line);
  let depth = 0;
  let quote = "";
  for (let at = start; isInBrackets && at < end; at++) {
    const char = line.charAt(at);
    if (quote) quote = char === quote ? "" : quote;
    else if (/["']/.test(char)) quote = char;
    else if (/[{[]/.test(char)) depth++;
    else if (depth === 0 && /[,}\]]/.test(char)) return at;
    else if (/[}\]]/.test(char)) depth--;
  }
  return end;
}

/** The lines of a step with all its inner steps. */
export function treeOf(text: Text, place: Place): Range {
  return linesRange(text, place.line, place.tree_end_line);
}

function within(line: number, text: Text): number {
  return Math.min(Math.max(Math.trunc(line), 1), text.lines);
}
