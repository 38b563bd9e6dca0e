import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from "react";
import { openDocument } from "./open_document";
import type { DocumentState, OpenDocument } from "./types";

const Context = createContext<OpenDocument | null>(null);

/** Everything below shares this document. */
export function DocumentProvider({ document, children }: { document: OpenDocument; children: ReactNode }) {
  return <Context value={document}>{children}</Context>;
}

/** The document of the DocumentProvider around. */
export function useOpenDocument(): OpenDocument {
  const document = useContext(Context);
  if (!document) throw new Error("useOpenDocument() needs a <DocumentProvider> around it.");
  return document;
}

/** Opens an agent's document for as long as the component is there; null on the first pass. */
export function useAgentDocument(agentId: string | null, readOnly = false): OpenDocument | null {
  const holder = useMemo(() => holderOf(agentId, readOnly), [agentId, readOnly]);
  return useSyncExternalStore(holder.subscribe, holder.get, () => null);
}

/** A document is open while somebody listens. */
function holderOf(agentId: string | null, readOnly: boolean) {
  let opened: OpenDocument | null = null;
  return {
    get: () => opened,
    subscribe(listener: () => void) {
      if (agentId !== null) opened = openDocument({ agentId, readOnly });
      listener();
      return () => {
        opened?.close();
        opened = null;
      };
    },
  };
}

/** A part of the document's state; draws anew when that part is another one. `select` gives stable values, no new objects. */
export function useDocument<T>(document: OpenDocument, select: (state: DocumentState) => T): T {
  const value = () => select(document.get());
  return useSyncExternalStore((listener) => document.subscribe(listener), value, value);
}
