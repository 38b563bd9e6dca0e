/** What steps need from outside, and the accounts among it. */
import { type Flow, type FlowNode, type Kind, kindOf } from "@/document";
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

/** The accounts that a flow's steps use, those inside loops too: for a text that nobody drafted. */
export function needsOf(flow: Flow, kinds: ReadonlyMap<string, Kind>): Need[] {
  const needs: Need[] = [];
  const waiting: FlowNode[] = [...(flow.nodes ?? [])];
  for (let node = waiting.shift(); node; node = waiting.shift()) {
    const { id: step, name: title = step, account, type } = node;
    if (account) needs.push({ step, title, account, account_kind: kindOf(kinds, type)?.account ?? null });
    const inner = node.config?.flow as Pick<Flow, "nodes"> | undefined;
    waiting.unshift(...(inner?.nodes ?? []));
  }
  return needs;
}
