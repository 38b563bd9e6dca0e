import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import createClient from "openapi-fetch";
import { afterEach, expect, it } from "vitest";
import type { api } from "@/client";
import { draughtsmanOf, type Told } from "@/drafting/stream";
import { REQUEST } from "./desk";

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** What a draughtsman tells whose server answers so. */
async function told(answer: RequestListener, signal = new AbortController().signal): Promise<Told[]> {
  const listening = createServer(answer).listen(0, "127.0.0.1");
  server = listening;
  await new Promise((resolve) => listening.once("listening", resolve));
  const baseUrl = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const found: Told[] = [];
  const client = createClient({ baseUrl }) as unknown as typeof api;
  for await (const one of draughtsmanOf(client)(REQUEST, signal)) found.push(one);
  return found;
}

const STREAM = { "Content-Type": "text/event-stream" };
const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

it("asks for a stream and tells what is in it, however it is cut", async () => {
  let body = "";
  let accept: string | undefined;
  const found = await told((request, response) => {
    accept = request.headers.accept;
    request.on("data", (piece) => (body += String(piece)));
    request.on("end", () => {
      response.writeHead(200, STREAM);
      const whole = Buffer.from(
        event("text", { markdown: "# Grüße" }) + event("later", {}) + event("draft", { markdown: "# Grüße\n" }),
      );
      for (let at = 0; at < whole.length; at += 7) response.write(whole.subarray(at, at + 7));
      response.end();
    });
  });
  expect(accept).toBe("text/event-stream");
  expect(JSON.parse(body)).toEqual(REQUEST);
  expect(found).toEqual([
    { kind: "text", markdown: "# Grüße" },
    { kind: "draft", draft: { markdown: "# Grüße\n" } },
  ]);
});

it("throws the problem that the stream tells", async () => {
  const problem = { code: "Invalid", status: 422, title: "x", detail: "This is no text.", next_step: "Write some." };
  const asked = told((_, response) => response.writeHead(200, STREAM).end(event("problem", problem)));
  await expect(asked).rejects.toMatchObject({ message: "This is no text.", status: 422, next_step: "Write some." });
});

it("throws the problem that stands instead of a stream", async () => {
  const problem = { code: "LimitReached", status: 429, title: "x", detail: "Too many drafts.", next_step: "Wait." };
  const asked = told((_, response) => {
    response.writeHead(429, { "Content-Type": "application/problem+json" }).end(JSON.stringify(problem));
  });
  await expect(asked).rejects.toMatchObject({ message: "Too many drafts.", status: 429 });
});
