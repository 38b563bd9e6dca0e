import { beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/client/problem";
import { createDrafting, type Drafting } from "@/drafting/store";
import { draft, Feed, readAloud, REQUEST, text } from "./desk";

let feed: Feed;
beforeEach(() => {
  feed = new Feed();
});

function drafting(more: Partial<Parameters<typeof createDrafting>[0]> = {}) {
  const store = createDrafting({ draw: feed.draw, read: readAloud, isInstant: () => true, ...more });
  const seen: Drafting[] = [];
  store.subscribe((state) => seen.push(state));
  return { store, seen };
}

const nodeOf = (state: Drafting) => state.reading?.flow?.nodes?.[0]?.id;

describe("a draft under way", () => {
  it("shows the text as it grows and ends with the draft", async () => {
    const { store, seen } = drafting();
    feed.say(text("# A"), text("# A\n\n## Steps"), draft("# A\n\n## Steps\n"));
    await store.start(REQUEST);
    expect(feed.asked).toEqual([REQUEST]);
    expect([...new Set(seen.map((state) => state.text))]).toEqual(["", "# A", "# A\n\n## Steps", "# A\n\n## Steps\n"]);
    expect(store.getState()).toMatchObject({ phase: "done", text: "# A\n\n## Steps\n", problem: null });
    expect(store.getState().draft?.drafted_by).toBe("rules");
    expect(nodeOf(store.getState())).toBe("# A\n\n## Steps\n");
  });

  it("draws what could be read last, and never an older text over a newer one", async () => {
    const slow = vi.fn(async (markdown: string) => {
      await new Promise((resolve) => setTimeout(resolve, markdown === "# A" ? 30 : 1));
      return readAloud(markdown);
    });
    const { store, seen } = drafting({ read: slow });
    const done = store.start(REQUEST);
    feed.say(text("# A"), text("# B"), text("# C"));
    await vi.waitFor(() => expect(nodeOf(store.getState())).toBe("# C"));
    feed.say(draft("# D"));
    await done;
    expect(nodeOf(store.getState())).toBe("# D");
    const drawn = seen.map(nodeOf).filter((node) => node !== undefined);
    expect([...new Set(drawn)]).toEqual(["# A", "# C", "# D"]);
  });

  it("keeps what was drawn while the text cannot be read", async () => {
    const { store } = drafting({
      read: (markdown) => (markdown.includes("broken") ? Promise.reject(new Error("no")) : readAloud(markdown)),
    });
    const done = store.start(REQUEST);
    feed.say(text("# A"));
    await vi.waitFor(() => expect(nodeOf(store.getState())).toBe("# A"));
    feed.say(text("# A broken"));
    await vi.waitFor(() => expect(store.getState().text).toBe("# A broken"));
    expect(nodeOf(store.getState())).toBe("# A");
    feed.say(draft("# broken too"));
    await done;
    expect(store.getState()).toMatchObject({ phase: "done", text: "# broken too", reading: { flow: { nodes: [] } } });
  });

  it("says why there is none", async () => {
    const { store } = drafting();
    feed.say(text("# A"), new Problem("The text is empty.", 422, "Invalid", "Say what it should do."));
    await store.start(REQUEST);
    expect(store.getState()).toMatchObject({ phase: "failed", draft: null });
    expect(store.getState().problem).toMatchObject({
      message: "The text is empty.",
      next_step: "Say what it should do.",
    });
  });

  it("says so when the stream ends before the draft", async () => {
    const { store } = drafting();
    feed.say(text("# A"));
    feed.end();
    await store.start(REQUEST);
    expect(store.getState().phase).toBe("failed");
    expect(store.getState().problem?.message).toMatch(/broke off/);
  });
});

describe("giving up", () => {
  it("ends the call and shows nothing of it any more", async () => {
    const { store, seen } = drafting();
    const done = store.start(REQUEST);
    feed.say(text("# A"));
    await vi.waitFor(() => expect(store.getState().text).toBe("# A"));
    store.cancel();
    expect(feed.signal?.aborted).toBe(true);
    expect(store.getState()).toMatchObject({ phase: "idle", text: "", reading: null });
    const count = seen.length;
    feed.say(text("# B"), draft("# C"));
    await done;
    expect(seen.length).toBe(count);
  });

  it("gives up the draft before when another begins", async () => {
    const { store } = drafting();
    const first = store.start(REQUEST);
    feed.say(text("# A"));
    await vi.waitFor(() => expect(store.getState().text).toBe("# A"));
    const before = feed.signal;
    void store.take("# Template");
    expect(before?.aborted).toBe(true);
    feed.say(draft("# late"));
    await first;
    expect(store.getState()).toMatchObject({ text: "# Template", draft: null });
  });
});

describe("a template", () => {
  it("is read as it stands", async () => {
    const { store } = drafting();
    await store.take("# Template");
    expect(store.getState()).toMatchObject({ phase: "done", text: "# Template", draft: null });
    expect(nodeOf(store.getState())).toBe("# Template");
  });

  it("says why it cannot be read", async () => {
    const { store } = drafting({ read: () => Promise.reject(new Problem("No server.", 0, "Unreachable")) });
    await store.take("# Template");
    expect(store.getState()).toMatchObject({ phase: "failed", problem: { message: "No server." } });
  });
});
