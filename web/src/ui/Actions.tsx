import type { ReactNode } from "react";
import { cx } from "./cx";

/** The buttons that end a form: the way back first, the deed last. On a phone they share its width. `sticks`: they stay in
 *  sight at the bottom of a window whose form is longer than the screen. */
export function Actions({ sticks, children }: { sticks?: boolean; children: ReactNode }) {
  return (
    <div
      className={cx(
        "flex flex-wrap justify-end gap-2 max-sm:*:grow",
        sticks && "sticky -bottom-2 -mx-5 -mb-2 border-t border-line bg-raised px-5 pb-2 pt-3",
      )}
    >
      {children}
    </div>
  );
}
