/** The order of a table's rows. Pure. */

export type Sortable = number | string | null;

export interface Order {
  /** The column's id. */
  by: string;
  isDown: boolean;
}

/** The rows by a value of theirs; those without one last, either way. Rows that are alike keep their order. */
export function sorted<R>(rows: readonly R[], value: (row: R) => Sortable, isDown: boolean): R[] {
  const compare = (one: Sortable, other: Sortable): number => {
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    const way = isDown ? -1 : 1;
    if (typeof one === "string" || typeof other === "string")
      return way * String(one).localeCompare(String(other), "en");
    return way * (one - other);
  };
  return [...rows].sort((one, other) => compare(value(one), value(other)));
}

/** The order after a column's heading was pressed: numbers begin with the largest, words with A. */
export function pressed(order: Order, by: string, isText: boolean): Order {
  return order.by === by ? { by, isDown: !order.isDown } : { by, isDown: !isText };
}
