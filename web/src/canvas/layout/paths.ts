/** The way of an arrow: straight beside cards, curved only between ranks, so that it never runs under a card. */

export interface Point {
  main: number;
  cross: number;
}

/** One piece of a path: a move, a line, or a curve with its two handles. */
export interface Bend {
  kind: "M" | "L" | "C";
  points: Point[];
}

export interface Course {
  /** Where the arrow leaves its card. */
  start: Point;
  /** Where it leaves instead when it tells of a failure: the side of the card, so that it is drawn apart. */
  aside: Point | null;
  /** The end of the rank that it leaves. */
  leave: number;
  /** The ranks it passes and the one it ends in: its line there, where the straight part before the rank begins. */
  stops: { tail: number; begin: number; end: number; cross: number }[];
}

const DROP = 13;
const ROUND = 8;

/** The pieces of an arrow's path, and the middle of its first bend. */
export function curve({ start, aside, leave, stops }: Course): { bends: Bend[]; middle: Point } {
  const bends: Bend[] = [];
  let at: Point;
  if (aside) {
    const turn = aside.cross + DROP;
    bends.push({ kind: "M", points: [{ ...aside }] });
    bends.push({ kind: "L", points: [{ main: aside.main, cross: turn - ROUND }] });
    const corner = { main: aside.main, cross: turn };
    bends.push({ kind: "C", points: [corner, { ...corner }, { main: aside.main + ROUND, cross: turn }] });
    at = { main: Math.max(leave, aside.main + ROUND), cross: turn };
    bends.push({ kind: "L", points: [{ ...at }] });
  } else {
    bends.push({ kind: "M", points: [{ ...start }] });
    at = { main: Math.max(leave, start.main), cross: start.cross };
    if (at.main > start.main) bends.push({ kind: "L", points: [{ ...at }] });
  }
  const first = stops[0] ?? { tail: at.main, cross: at.cross };
  const middle = { main: (at.main + first.tail) / 2, cross: (at.cross + first.cross) / 2 };
  stops.forEach((stop, index) => {
    if (stop.cross !== at.cross) {
      const half = (at.main + stop.tail) / 2;
      const end = { main: stop.tail, cross: stop.cross };
      bends.push({ kind: "C", points: [{ main: half, cross: at.cross }, { main: half, cross: stop.cross }, end] });
    }
    at = { main: index === stops.length - 1 ? stop.begin : stop.end, cross: stop.cross };
    bends.push({ kind: "L", points: [{ ...at }] });
  });
  return { bends, middle };
}

export type Direction = "right" | "down";

const HEAD = { length: 6, half: 4 };

/** A path as SVG writes it, moved to where its level stands, with the arrowhead as part of the line. */
export function pathText(bends: readonly Bend[], direction: Direction, x: number, y: number): string {
  const place = (main: number, cross: number) =>
    direction === "right" ? `${round(x + main)} ${round(y + cross)}` : `${round(x + cross)} ${round(y + main)}`;
  const pieces = bends.map(
    ({ kind, points }) => kind + points.map((point) => place(point.main, point.cross)).join(" "),
  );
  const tip = bends.at(-1)?.points.at(-1);
  if (tip) {
    const back = tip.main - HEAD.length;
    pieces.push(
      `M${place(back, tip.cross - HEAD.half)}L${place(tip.main, tip.cross)}L${place(back, tip.cross + HEAD.half)}`,
    );
  }
  return pieces.join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
