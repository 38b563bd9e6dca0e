import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FUNCTIONS } from "@/spec_text/completion/functions";
import { expressionName } from "@/spec_text/completion/names";
import { changed, offered } from "./digest";

const LLM = 'uses: llm\nwith: {posts: "{{ read_each_subreddit.results }}"}';
const MAIL = "account: MAIL\nwith: {to:";

describe("in a step's block", () => {
  const step = (block: string) => offered(changed(LLM, block));

  it("kinds are offered", () => {
    expect(step("uses: ‸")).toContain("email.send");
    expect(step("uses: em‸")).toEqual(["email.send"]);
  });
  it("keys are offered that are not there yet", () => {
    expect(step("uses: llm\n‸")).toEqual(expect.arrayContaining(["with", "retry", "on uncertain"]));
    expect(step("uses: llm\n‸")).not.toContain("uses");
    expect(step("uses: llm\nretry: {ti‸")).toEqual(["times"]);
    expect(step("uses: llm\nretry:\n  ‸")).toEqual(["times", "wait", "backoff", "on"]);
  });
  it("settings are offered as the kind has them", () => {
    expect(step("uses: http\nwith: {‸")).toContain("url");
    expect(step("uses: http\nwith:\n  url: x\n  ‸")).toContain("method");
    expect(step("uses: http\nwith:\n  url: x\n  ‸")).not.toContain("url");
    expect(step("uses: http\nwith: {method: P‸")).toEqual(["POST", "PUT", "PATCH"]);
    expect(step("uses: http\nwith: {follow: ‸")).toEqual(["true", "false"]);
  });
  it("choices and accounts are offered", () => {
    expect(step("uses: llm\njoin: ‸")).toEqual(["all", "any"]);
    expect(step("uses: llm\naccount: ‸")).toEqual(["REDDIT_APP", "MAIL", "VAULTED"]);
  });
  it("nothing is pushed on people who write", () => {
    expect(offered(changed("Two at a time.", "Two at a time‸"), false)).toEqual([]);
    expect(offered(changed("limit: 10", "limit: 10‸"), false)).toEqual([]);
  });
});

describe("in what starts the agent", () => {
  const front = (when: string) => offered(`---\nagentspec: 1\ninputs: {email: text}\n${when}`);

  it("what can be polled is offered, and no step kinds", () => {
    expect(front("when: {poll: ‸")).toEqual(["rss.new_item", "reddit.new_post", "mailbox.new_mail"]);
    expect(front("when:\n  - every monday at 09:00\n  - poll: red‸")).toEqual(["reddit.new_post"]);
  });
  it("its settings are offered as the trigger has them", () => {
    expect(front("when: {poll: rss.new_item, with: {‸")).toEqual(["url"]);
    expect(front("when:\n  poll: reddit.new_post\n  with:\n    ‸")).toEqual(["subreddit"]);
    expect(front("when:\n  - {poll: rss.new_item, with: {url: x}}\n  - poll: reddit.new_post\n    with: {s‸")).toEqual([
      "subreddit",
    ]);
    expect(front("when: {poll: no.such, with: {‸")).toEqual([]);
  });
  it("a mailbox has the settings of new mails, and a secret", () => {
    expect(front("when: {email: MAIL, with: {f‸")).toEqual(["folder", "from"]);
    expect(front("when:\n  email: MAIL\n  with:\n    after: m‸")).toEqual(["mark read", "move"]);
    expect(front("when: {email: V‸")).toEqual(["VAULTED"]);
  });
  it("the trigger's own keys are offered", () => {
    expect(front("when: {poll: rss.new_item, re‸")).toEqual(["respond", "remember"]);
    expect(front("when: {poll: rss.new_item, remember: ‸")).toEqual(["from now", "all"]);
  });
});

describe("in expressions", () => {
  it("what comes before is offered, and what stands under it", () => {
    const inMail = (text: string) => offered(changed('"{{ write_the_digest.text }}"}\n```\n\n## When', `"{{ ${text}`));
    expect(inMail("‸")).toEqual(
      expect.arrayContaining(["inputs", "run", "write_the_digest", "read_each_subreddit", "len"]),
    );
    expect(inMail("‸")).not.toContain("mail_the_digest");
    expect(inMail("write_the_digest.‸")).toEqual(expect.arrayContaining(["text", "usage"]));
    expect(inMail("inputs.s‸")).toEqual(["subreddits", "send_to"]);
    expect(inMail("run.st‸")).toEqual(["started_at"]);
    expect(inMail("upper(inputs.se‸")).toEqual(["send_to"]);
    expect(inMail("'in a text ‸")).toEqual([]);
  });
  it("the names of a loop are offered inside it", () => {
    const inLoop = offered(changed('subreddit: "{{ subreddit }}"', 'subreddit: "{{ ‸ }}"'));
    expect(inLoop).toEqual(expect.arrayContaining(["subreddit", "item", "index"]));
    expect(inLoop).not.toContain("write_the_digest");
    expect(offered(changed(MAIL, `account: MAIL\nwith: {cc: "{{ ‸ }}", to:`))).not.toContain("subreddit");
  });
  it("the results of a loop are what its last step gives", () => {
    const found = offered(changed("{{ posts }}", "{{ read_each_subreddit.results[0].‸"));
    expect(found).toContain("posts");
  });
  it("a prompt has the step's other settings", () => {
    expect(offered(changed("{{ posts }}", "{{ po‸"))).toContain("posts");
  });
  it("bare expressions are completed too", () => {
    const filter = (text: string) => offered(changed(LLM, `uses: filter\nwith: {items: [], where: ${text}`));
    expect(filter("it‸")).toContain("item");
    expect(offered(changed(LLM, "uses: llm\nif: read‸"))).toEqual(["read_each_subreddit"]);
  });
});

describe("on a route", () => {
  const route = (line: string) => offered(changed("- On error → [Send the plain list](#send-the-plain-list)", line));

  it("leads are offered", () => expect(route("- o‸")).toEqual(["Otherwise", "On error", "On timeout"]));
  it("a test can use the step's own result", () => {
    expect(route("- If `write‸")).toEqual(["write_the_digest"]);
    expect(route("- On error `‸")).toEqual(["retry", "auth", "rejected", "timeout"]);
  });
  it("steps ahead are targets", () => {
    expect(route("- Then → ‸")).toEqual(["Mail the digest", "Send the plain list", "stop", "fail"]);
    expect(route("- Then → [Mail](#ma‸")).toEqual(["mail-the-digest"]);
  });
});

describe("in the front matter", () => {
  it("keys, triggers and types are offered", () => {
    expect(offered(changed("model: openai", "‸\nmodel: openai"))).toEqual(
      expect.arrayContaining(["outputs", "on failure"]),
    );
    expect(offered(changed("every weekday at 07:30 in Europe/Berlin", "every we‸"))).toEqual([
      "every weekday at 08:00",
    ]);
    expect(offered(changed("when: every weekday at 07:30 in Europe/Berlin", "when:\n  - {web‸"))).toEqual(["webhook"]);
    expect(offered(changed("send_to: {type: email", "send_to: {type: em‸"))).toEqual(["email"]);
    expect(offered(changed("send_to: {type: email, about: Who gets the digest}", "send_to: em‸"))).toEqual(["email"]);
    expect(offered(changed("model: openai:gpt-5-mini", "on failure: send‸"))).toEqual(["send-the-plain-list"]);
  });
});

describe("the functions", () => {
  it("are those that the docs list", () => {
    const docs = readFileSync(new URL("../../../docs/expressions.md", import.meta.url), "utf8");
    const listed = [...docs.matchAll(/^\| `(\w+)(\(.*?\))` \| (.*) \|$/gm)].map(([, ...parts]) => parts);
    expect(FUNCTIONS).toEqual(listed);
  });
});

describe("names of steps", () => {
  it.each([
    ["fetch-the-top-posts", "fetch_the_top_posts"],
    ["2nd-try", "_2nd_try"],
    ["not", "not_"],
    ["übersicht", "übersicht"],
  ])("%s is %s", (id, name) => expect(expressionName(id)).toBe(name));
});
