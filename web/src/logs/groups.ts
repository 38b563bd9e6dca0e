/** Lines as they are shown: those of a run under one another. Pure. */
import type { LogLine } from "./queries";

export interface Group {
  run_id: string;
  agent_id: string;
  agent: string;
  lines: LogLine[];
}

/** The lines of each page by run, in the order of each run's newest. Pages stay apart, so that what was read stays where it is
 *  when more is shown. */
export function groupsOf(pages: readonly { lines: readonly LogLine[] }[]): Group[] {
  return pages.flatMap(({ lines }) => {
    const groups = new Map<string, Group>();
    for (const line of lines) {
      const { run_id, agent_id, agent } = line;
      const group = groups.get(run_id) ?? { run_id, agent_id, agent, lines: [] };
      group.lines.push(line);
      groups.set(run_id, group);
    }
    return [...groups.values()];
  });
}
