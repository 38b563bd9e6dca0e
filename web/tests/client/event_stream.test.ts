import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Message, MessageReader, messagesOf, StreamStalled } from "@/client/event_stream";

const STREAM =
  'retry: 1000\n\n: still here\n\nevent: step\nid: 4\ndata: {"a":\ndata: 1}\n\nevent: run\r\nid: 4-end\r\ndata: äß😀\r\n\r\ndata\n\n';
const MESSAGES: Message[] = [
  { event: "step", data: '{"a":\n1}', id: "4" },
  { event: "run", data: "äß😀", id: "4-end" },
  { event: "message", data: "", id: "4-end" },
];

function streamOf(chunks: Uint8Array[], ends = true): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      if (ends) controller.close();
    },
  });
}

describe("reading server-sent events", () => {
  it("reads the same, however the text is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), (cuts) => {
        const reader = new MessageReader();
        const bounds = [0, ...cuts.sort((a, b) => a - b), STREAM.length];
        const found = bounds.slice(1).flatMap((end, i) => reader.take(STREAM.slice(bounds[i], end)));
        expect(found).toEqual(MESSAGES);
      }),
    );
  });

  it("reads bytes that are cut within a character", async () => {
    const bytes = new TextEncoder().encode(STREAM);
    const found: Message[] = [];
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    for await (const message of messagesOf(streamOf(single), 1_000)) found.push(message);
    expect(found).toEqual(MESSAGES);
  });

  it("keeps the id it was given until the server says another", () => {
    expect(new MessageReader("7").take("data: x\n\n")).toEqual([{ event: "message", data: "x", id: "7" }]);
  });

  it("gives up a connection that has gone quiet", async () => {
    const messages = messagesOf(streamOf([new TextEncoder().encode("data: x\n\n")], false), 20);
    expect((await messages.next()).value).toMatchObject({ data: "x" });
    await expect(messages.next()).rejects.toBeInstanceOf(StreamStalled);
  });
});
