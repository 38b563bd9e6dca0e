import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { type Order, pressed, type Sortable, sorted } from "./sorting";

export interface Column<R> {
  id: string;
  title: string;
  value: (row: R) => Sortable;
  show: (row: R) => ReactNode;
  isText?: boolean;
}

/** More rows than this are shown when they are asked for. */
const FEW = 10;

/** A table whose headings sort it; on a phone each row is a card. The first column says what the row is about. */
export function SortedTable<R>({
  caption,
  columns,
  rows,
  keyOf,
  first,
}: {
  caption: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  keyOf: (row: R) => string;
  /** The order to begin with. */
  first: Order;
}) {
  const [order, setOrder] = useState(first);
  const [isAll, setAll] = useState(false);
  const all = useMemo(() => {
    const column = columns.find(({ id }) => id === order.by);
    return column ? sorted(rows, column.value, order.isDown) : rows;
  }, [columns, rows, order]);
  const shown = isAll ? all : all.slice(0, FEW);
  return (
    <div className="flex flex-col gap-3">
      <div className="overflow-hidden rounded-lg border border-line bg-paper max-sm:rounded-none max-sm:border-0 max-sm:bg-transparent">
        <table className="w-full text-sm max-sm:block">
          <caption className="sr-only">{caption}</caption>
          <thead className="text-xs text-ink-faint max-sm:block">
            <tr className="border-b border-line max-sm:flex max-sm:flex-wrap max-sm:border-0 max-sm:pb-1">
              {columns.map((column) => (
                <Heading key={column.id} column={column} order={order} onOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody className="max-sm:flex max-sm:flex-col max-sm:gap-2">
            {shown.map((row) => (
              <Row key={keyOf(row)} row={row} columns={columns} />
            ))}
          </tbody>
        </table>
      </div>
      {all.length > shown.length && (
        <Button size="sm" className="self-center" onClick={() => setAll(true)}>
          Show all {all.length.toLocaleString("en")}
        </Button>
      )}
    </div>
  );
}

function Heading<R>({
  column: { id, title, isText = false },
  order,
  onOrder,
}: {
  column: Column<R>;
  order: Order;
  onOrder: (order: Order) => void;
}) {
  const isHere = order.by === id;
  const Arrow = order.isDown ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      aria-sort={isHere ? (order.isDown ? "descending" : "ascending") : undefined}
      className={cx("p-0 font-normal first:sm:pl-2 last:sm:pr-2", isText ? "text-left" : "sm:text-right")}
    >
      <button
        type="button"
        onClick={() => onOrder(pressed(order, id, isText))}
        className={cx(
          "inline-flex min-h-9 items-center gap-1 px-2 -outline-offset-2! hover:text-ink max-sm:min-h-11",
          !isText && "flex-row-reverse",
          isHere && "font-medium text-ink",
        )}
      >
        {title}
        <Arrow aria-hidden className={cx("size-3", !isHere && "invisible max-sm:hidden")} />
      </button>
    </th>
  );
}

function Row<R>({ row, columns }: { row: R; columns: readonly Column<R>[] }) {
  return (
    <tr className="border-b border-line last:border-b-0 hover:bg-raised max-sm:grid max-sm:grid-cols-2 max-sm:gap-x-4 max-sm:gap-y-1 max-sm:rounded-md max-sm:border! max-sm:bg-paper max-sm:p-3">
      {columns.map(({ id, title, show, isText }, i) =>
        i === 0 ? (
          <th
            key={id}
            scope="row"
            className="min-w-0 py-2 pl-4 pr-2 text-left font-normal wrap-anywhere max-sm:col-span-2 max-sm:p-0"
          >
            {show(row)}
          </th>
        ) : (
          <td
            key={id}
            className={cx(
              "px-2 py-2 last:pr-4 max-sm:flex max-sm:items-baseline max-sm:justify-between max-sm:gap-2 max-sm:p-0!",
              isText ? "text-left" : "whitespace-nowrap text-right tabular-nums",
            )}
          >
            <span className="text-xs text-ink-faint sm:hidden">{title}</span>
            <span className="min-w-0">{show(row)}</span>
          </td>
        ),
      )}
    </tr>
  );
}
