/** The time axis of a run. Long stretches in which nothing works are cut short, so that what happened can be seen. */
import { formatMs } from "@/ui/duration";

export interface Cut {
  from: number;
  to: number;
}

export interface Tick {
  /** 0 at the left, 1 at the right. */
  at: number;
  /** Time since the start; null where there is no room for it. */
  label: string | null;
}

export interface Scale {
  /** Where a time stands, 0 at the left, 1 at the right. */
  place(time: number): number;
  ticks: readonly Tick[];
  cuts: readonly Cut[];
}

/** A gap is cut when it is as long as everything that is shown in full, and at least this long. */
const SHORTEST_CUT_MS = 5_000;
/** How wide a cut is at least, of all that is shown in full. */
const CUT_SHARE = 0.16;
/** The share of the axis that a label needs, where the window is wide. */
const LABEL_SHARE = 0.08;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5];

interface Piece {
  from: number;
  to: number;
  start: number;
  width: number;
}

/** The axis from `start` to `end` (epoch ms). `busy`: stretches in which something worked, in any order; `labelShare`: the
 *  share of the axis that a label needs. */
export function buildScale(
  start: number,
  end: number,
  busy: readonly { from: number; to: number }[],
  labelShare = LABEL_SHARE,
): Scale {
  const last = Math.max(end, start + 1);
  const cuts = cutsOf(start, last, busy);
  const pieces = piecesOf(start, last, cuts, Math.max(CUT_SHARE, 1.5 * labelShare));
  const whole = pieces.reduce((sum, { width }) => sum + width, 0);
  const place = (time: number) => {
    const piece = pieces.find(({ to }) => time <= to) ?? pieces[pieces.length - 1];
    if (!piece) return 0;
    const share = (Math.min(Math.max(time, piece.from), piece.to) - piece.from) / (piece.to - piece.from || 1);
    return (piece.start + share * piece.width) / whole;
  };
  const times = timesOf(start, last, whole / Math.max(1, Math.floor(0.5 / labelShare)), cuts);
  return { place, cuts, ticks: labelled(times, start, place, cuts, labelShare) };
}

function cutsOf(start: number, end: number, busy: readonly { from: number; to: number }[]): Cut[] {
  const gaps = gapsOf(start, end, busy).sort((one, other) => other.to - other.from - (one.to - one.from));
  const cuts: Cut[] = [];
  let shown = end - start;
  for (const gap of gaps) {
    const length = gap.to - gap.from;
    if (length < SHORTEST_CUT_MS || length < shown - length) break;
    cuts.push(gap);
    shown -= length;
  }
  return cuts.sort((one, other) => one.from - other.from);
}

/** Where nothing is busy; a margin on both sides stays, so that what waits is seen to wait. */
function gapsOf(start: number, end: number, busy: readonly { from: number; to: number }[]): Cut[] {
  const gaps: Cut[] = [];
  let until = start;
  for (const { from, to } of [...busy].sort((one, other) => one.from - other.from)) {
    if (from > until) gaps.push({ from: until, to: from });
    until = Math.max(until, to);
  }
  if (end > until) gaps.push({ from: until, to: end });
  return gaps;
}

function piecesOf(start: number, end: number, cuts: readonly Cut[], cutShare: number): Piece[] {
  const full = end - start - cuts.reduce((sum, cut) => sum + cut.to - cut.from, 0);
  const cutWidth = Math.max(full, 1) * cutShare;
  const pieces: Piece[] = [];
  let at = start;
  let x = 0;
  const add = (to: number, width: number) => {
    pieces.push({ from: at, to, start: x, width });
    x += width;
    at = to;
  };
  for (const cut of cuts) {
    if (cut.from > at) add(cut.from, cut.from - at);
    add(cut.to, cutWidth);
  }
  if (end > at) add(end, end - at);
  return pieces;
}

/** The times to mark: round ones, at least `apart` from each other, none within a cut. */
function timesOf(start: number, end: number, apart: number, cuts: readonly Cut[]): number[] {
  const step = STEPS.find((size) => size >= apart) ?? Math.ceil(apart / 36e5) * 36e5;
  const times: number[] = [];
  for (let time = start; time <= end; time += step) {
    const cut = cuts.find(({ from, to }) => time > from && time < to);
    if (cut) time = start + Math.floor((cut.to - start) / step) * step;
    else times.push(time);
  }
  return times;
}

/** A mark keeps its label where neither a cut nor the next mark nor the end stands too near after it. */
function labelled(
  times: readonly number[],
  start: number,
  place: (time: number) => number,
  cuts: readonly Cut[],
  labelShare: number,
): Tick[] {
  const bounds = [1, ...cuts.map(({ from }) => place(from)), ...times.map(place)];
  return times.map((time) => {
    const at = place(time);
    const hasRoom = bounds.every((bound) => bound < at || bound - at >= labelShare || (bound === at && at < 1));
    return { at, label: hasRoom ? formatOffset(time - start) : null };
  });
}

function formatOffset(ms: number): string {
  return ms === 0 ? "0" : formatMs(ms);
}
