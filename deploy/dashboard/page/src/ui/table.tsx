// A table that is ordered by a click on a column.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

export interface Column<T> {
  name: string;
  label: string;
  number?: boolean;
  /** A bar behind the figure. */
  bar?: boolean;
  show: (row: T) => ComponentChildren;
  order?: (row: T) => string | number;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  /** The column by which it is ordered at first; none: as the rows come. */
  usual?: string;
  limit?: number;
  id: (row: T) => string;
  onRow?: (row: T) => void;
}

export function Table<T>({ label, columns, rows, usual, limit = 100, id, onRow }: Props<T>): JSX.Element {
  const [by, set] = useState({ name: usual ?? "", up: false });
  const order = columns.find(({ name }) => name === by.name)?.order;
  const sorted = order ? [...rows].sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0) * (by.up ? 1 : -1)) : rows;
  const most = (column: Column<T>) => Math.max(1, ...rows.map(row => Number(column.order?.(row) ?? 0)));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(column => (
              <th
                key={column.name}
                scope="col"
                class={column.number ? "number" : ""}
                aria-sort={by.name === column.name ? (by.up ? "ascending" : "descending") : undefined}
              >
                {column.order ? (
                  <button type="button" class="quiet" onClick={() => set({ name: column.name, up: by.name === column.name && !by.up })}>
                    {column.label}
                    <span aria-hidden="true">{by.name === column.name ? (by.up ? " ↑" : " ↓") : ""}</span>
                  </button>
                ) : (
                  column.label
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, limit).map(row => (
            <tr key={id(row)} class={onRow ? "pick" : ""} onClick={onRow ? () => onRow(row) : undefined}>
              {columns.map(column => (
                <td key={column.name} class={column.number ? "number" : ""}>
                  {column.bar && <i class="cell-bar" style={{ width: `${(70 * Number(column.order?.(row) ?? 0)) / most(column)}%` }} />}
                  <span>{column.show(row)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
