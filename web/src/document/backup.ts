/** Edits that the server does not have yet, kept in this browser until it has them. */

export interface Backup {
  text: string;
  /** The stored revision that the edits began from. */
  revision: number;
}

export interface BackupStore {
  get(): Backup | null;
  /** Whether it was kept: the browser's storage may be full or closed. */
  keep(backup: Backup): boolean;
  drop(): void;
}

/** The backup of one agent in a storage such as localStorage. */
export function backupIn(storage: Storage | null, agentId: string): BackupStore {
  const key = `plainwork.backup.${agentId}`;
  return {
    get() {
      return attempt(() => parsed(storage?.getItem(key) ?? null), null);
    },
    keep(backup) {
      return attempt(() => {
        storage?.setItem(key, JSON.stringify(backup));
        return storage !== null;
      }, false);
    },
    drop() {
      attempt(() => storage?.removeItem(key), undefined);
    },
  };
}

function parsed(kept: string | null): Backup | null {
  if (kept === null) return null;
  const { text, revision } = JSON.parse(kept) as Partial<Backup>;
  return typeof text === "string" && typeof revision === "number" ? { text, revision } : null;
}

/** Storage throws where it is closed to the page, and where it is full. */
function attempt<T>(action: () => T, otherwise: T): T {
  try {
    return action();
  } catch {
    return otherwise;
  }
}
