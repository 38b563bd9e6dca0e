import type { AgentSummary } from "./queries";

/** The agents in which each of the words stands somewhere: in the name, what it is about, its tags or what starts it. */
export function matching(agents: readonly AgentSummary[], words: string): AgentSummary[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return agents.filter(({ name, slug, about, tags, starts }) => {
    const text = [name, slug, about, starts, ...tags].join("\n").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
