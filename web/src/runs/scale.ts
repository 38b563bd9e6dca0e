/** The time axis of a run. Long stretches in which nothing works are cut short, so that what happened can be seen. */
import { formatMs } from "@/ui/duration";

export interface Cut {
  from: number;
  to: number;
}

export interface Tick {
  /** 0 at the left, 1 at the right. */
  at: number;
  label: string;
}

export interface Scale {
  /** Where a time stands, 0 at the left, 1 at the right. */
  place(time: number): number;
  ticks: readonly Tick[];
  cuts: readonly Cut[];
}

/** A gap is cut when it is as long as everything that is shown in full, and at least this long. */
const SHORTEST_CUT_MS = 5_000;
/** How wide a cut is, of all that is shown in full. */
const CUT_SHARE = 0.16;
const TICKS = 6;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5];

interface Piece {
  from: number;
  to: number;
  start: number;
  width: number;
}

/** The axis from `start` to `end` (epoch ms). `busy`: stretches in which something worked, in any order. */
export function buildScale(start: number, end: number, busy: readonly { from: number; to: number }[]): Scale {
  const last = Math.max(end, start + 1);
  const cuts = cutsOf(start, last, busy);
  const pieces = piecesOf(start, last, cuts);
  const whole = pieces.reduce((sum, { width }) => sum + width, 0);
  const place = (time: number) => {
    const piece = pieces.find(({ to }) => time <= to) ?? pieces[pieces.length - 1];
    if (!piece) return 0;
    const share = (Math.min(Math.max(time, piece.from), piece.to) - piece.from) / (piece.to - piece.from || 1);
    return (piece.start + share * piece.width) / whole;
  };
  return { place, cuts, ticks: ticksOf(start, last, whole, cuts, place) };
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

function piecesOf(start: number, end: number, cuts: readonly Cut[]): Piece[] {
  const full = end - start - cuts.reduce((sum, cut) => sum + cut.to - cut.from, 0);
  const cutWidth = Math.max(full, 1) * CUT_SHARE;
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

function ticksOf(
  start: number,
  end: number,
  shown: number,
  cuts: readonly Cut[],
  place: (time: number) => number,
): Tick[] {
  const step = STEPS.find((size) => shown / size <= TICKS) ?? Math.ceil(shown / TICKS / 36e5) * 36e5;
  const ticks: Tick[] = [];
  for (let offset = 0; offset <= end - start; offset += step) {
    const cut = cuts.find(({ from, to }) => start + offset > from && start + offset < to);
    if (cut) offset = Math.floor((cut.to - start) / step) * step;
    else ticks.push({ at: place(start + offset), label: offset === 0 ? "0" : formatMs(offset) });
  }
  return ticks.filter(({ at }, i) => i === 0 || at - (ticks[i - 1]?.at ?? 0) > 0.04);
}
