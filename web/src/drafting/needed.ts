/** The accounts among a draft's needs. */
import type { Draft } from "./stream";

export type Need = NonNullable<Draft["needs"]>[number];

export interface NeededAccount {
  /** The name under which the document asks for it. */
  name: string;
  /** The kind of account (`slack`); empty: one bare secret. */
  kind: string;
}

/** Each account once, in the order in which the steps ask for them. */
export function accountsOf(needs: readonly Need[]): NeededAccount[] {
  const found = new Map<string, NeededAccount>();
  for (const { account, account_kind } of needs) {
    if (account && !found.get(account)?.kind) found.set(account, { name: account, kind: account_kind ?? "" });
  }
  return [...found.values()];
}
