/** Where an axis has its marks. Pure. */

/** Which of so many moments are named, where there is room for so many names: evenly, the last one among them. */
export function everyNth(count: number, room: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, room)));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => count - 1 - i * step).reverse();
}
