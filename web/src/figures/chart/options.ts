/** What uPlot is told to draw. Moments are numbered from 0, so that hours and days stand evenly whatever the clock does. */
import uPlot from "uplot";
import { type Figure, stacked } from "../series";
import type { Palette } from "./colours";
import { shortMoment } from "./moments";
import { everyNth } from "./ticks";

/** `bars` stand on one another, `lines` beside one another. */
export type Form = "bars" | "lines";
export type Unit = "count" | "ms" | "usd";

export interface Drawing {
  figure: Figure;
  form: Form;
  unit: Unit;
  format: (value: number) => string;
}

const MARGIN = 0.5;
const LABEL_PX = { hour: 56, day: 64 } as const;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DECADES = Array.from({ length: 9 }, (_, i) => 10 ** i);

/** By which steps a scale goes: round ones in its unit. */
const STEPS: Record<Unit, number[] | undefined> = {
  count: DECADES.flatMap((ten) => [ten, 2 * ten, 5 * ten]),
  ms: [
    ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
    ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
    ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
    ...[1, 2, 5, 10, 20, 50, 100].map((n) => n * DAY),
  ],
  usd: undefined,
};

/** The values as they are drawn: of bars the highest first, so that the lower ones stand before them. */
export function dataOf({ figure, form }: Drawing): uPlot.AlignedData {
  const x = figure.at.map((_, i) => i);
  if (form === "lines") return [x, ...figure.series.map(({ values }) => values)];
  return [x, ...stacked(figure.series).reverse()];
}

export function optionsOf(
  { figure, form, unit, format }: Drawing,
  { colours, font, width, height }: { colours: Palette; font: string; width: number; height: number },
  onRead: (index: number | null) => void,
): uPlot.Options {
  const { at, each, series } = figure;
  const axis = { stroke: colours.ink, font: `11px ${font}`, ticks: { show: false } };
  return {
    width,
    height,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: [-MARGIN, at.length - 1 + MARGIN] },
      y: { range: (_, __, most) => [0, most ? most * 1.05 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 6,
        grid: { show: false },
        splits: (plot) => everyNth(at.length, plot.width / LABEL_PX[each]),
        values: (_, splits) => splits.map((i) => (at[i] === undefined ? "" : shortMoment(at[i], each))),
      },
      {
        ...axis,
        size: 60,
        gap: 6,
        space: 36,
        ...(STEPS[unit] && { incrs: STEPS[unit] }),
        grid: { stroke: colours.line, width: 1 },
        values: (_, splits) => splits.map((value) => (value === 0 ? "0" : format(value))),
      },
    ],
    series: [{}, ...(form === "lines" ? series.map(line) : [...series].reverse().map(bar))],
    cursor: { y: false, drag: { x: false, y: false }, points: { show: form === "lines" } },
    hooks: { setCursor: [({ cursor: { idx, left = -1 } }) => onRead(left < 0 ? null : (idx ?? null))] },
  };

  function bar({ colour }: Figure["series"][number]): uPlot.Series {
    const fill = colours[colour];
    return { fill, width: 0, points: { show: false }, paths: uPlot.paths.bars?.({ size: [0.72, 48], gap: 0 }) };
  }

  function line({ colour }: Figure["series"][number]): uPlot.Series {
    const stroke = colours[colour];
    return { stroke, width: 2, points: { show: true, size: 5, fill: stroke, stroke } };
  }
}
