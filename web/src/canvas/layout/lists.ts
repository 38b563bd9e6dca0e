/** The number at an index; 0 where there is none. A layout's lists are as long as what they are about. */
export function num(list: readonly number[], index: number): number {
  return list[index] ?? 0;
}
