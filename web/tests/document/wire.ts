/** The API's side of an open document, doubled at the wire: one agent's draft with its revisions, parse, and edit. */
import createClient from "openapi-fetch";
import type { paths } from "@/client/schema";
import { serverOf } from "@/document/server";

export interface Call {
  method: string;
  path: string;
  body: Record<string, unknown>;
}

export class Wire {
  calls: Call[] = [];
  draft = { markdown: "", revision: 0 };
  /** Answers instead of the API: a status, "down" (no connection) or "lost" (done, but no answer arrives). */
  trouble: ((call: Call) => number | "down" | "lost" | null) | null = null;
  /** Holds back the answer to a call. */
  hold: ((call: Call) => Promise<void>) | null = null;

  constructor(markdown = "") {
    this.draft = { markdown, revision: markdown ? 1 : 0 };
  }

  server() {
    return serverOf(
      createClient<paths>({ baseUrl: "http://plainwork.test", fetch: (request) => this.answer(request) }),
    );
  }

  of(method: string, path: string): Call[] {
    return this.calls.filter((call) => call.method === method && call.path.endsWith(path));
  }

  private async answer(request: Request): Promise<Response> {
    const text = await request.text();
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const call = { method: request.method, path: new URL(request.url).pathname, body };
    this.calls.push(call);
    const trouble = this.trouble?.(call) ?? null;
    await this.hold?.(call);
    if (trouble === "down") throw new TypeError("fetch failed");
    if (typeof trouble === "number") return problem(trouble, "It was refused.");
    const answer = this.carryOut(call);
    if (trouble === "lost") throw new TypeError("fetch failed");
    return answer;
  }

  private carryOut({ method, path, body }: Call): Response {
    if (path.endsWith("/specs/parse")) return Response.json(parsed(String(body.markdown)));
    if (path.endsWith("/specs/edit")) return edited(String(body.markdown), body.change as Record<string, string>);
    if (method === "PUT") {
      if (body.revision !== this.draft.revision) return problem(409, "Somebody else has saved this.");
      this.draft = { markdown: String(body.markdown), revision: this.draft.revision + 1 };
    }
    const updated_by = { id: "1", name: "Ada" };
    return Response.json({
      agent_id: "a",
      layout: {},
      base_version: null,
      updated_at: null,
      updated_by,
      ...this.draft,
    });
  }
}

function problem(status: number, detail: string): Response {
  return Response.json({ status, detail, code: "Refused", next_step: "Do something else." }, { status });
}

/** Every line `### name` is a step; a text with "BROKEN" in it cannot be read. */
function parsed(markdown: string) {
  if (markdown.includes("BROKEN")) {
    const findings = [{ code: "broken", message: "It is broken.", line: 1 }];
    return { valid: false, spec: null, flow: null, findings, places: {}, triggers: [] };
  }
  const lines = markdown.split("\n").map((line) => line.replace(/\r$/, ""));
  const places = Object.fromEntries(
    lines.flatMap((line, index) => {
      const place = { line: index + 1, end_line: index + 1, tree_end_line: index + 1, name_line: index + 1 };
      return line.startsWith("### ") ? [[line.slice(4), { ...place, lane: "main", holder: null, routes: [] }]] : [];
    }),
  );
  const nodes = Object.keys(places).map((id) => ({ id, type: "set@1" }));
  return { valid: true, spec: { title: "T" }, flow: { nodes }, findings: [], places, triggers: [] };
}

/** Knows `rename`, which writes another heading. */
function edited(markdown: string, change: Record<string, string>): Response {
  const heading = `### ${change.node}`;
  if (!markdown.includes(heading)) return problem(422, `There is no step "${change.node}".`);
  const after = markdown.replace(heading, `### ${change.name}`);
  return Response.json({ markdown: after, changed: [], node: change.name, parsed: parsed(after) });
}
