import { describe, expect, it } from "vitest";
import { asProblem, Problem, problemOf, unwrap } from "@/client/problem";

describe("problemOf", () => {
  it("says what the server said", () => {
    const body = { code: "Conflict", status: 409, title: "Conflict", detail: "It is gone.", next_step: "Reload." };
    expect(problemOf(409, body)).toMatchObject({ message: "It is gone.", code: "Conflict", next_step: "Reload." });
  });

  it("tells people what people do where programs would call the API", () => {
    const next = (next_step: string) => problemOf(409, { detail: "No.", next_step }).next_step;
    expect(next("PUT /api/v1/agents/7/live, or name a version.")).toBe("Open the agent and make a version live.");
    expect(next("POST /api/v1/session, or send an API key.")).toBe("Sign in and try again.");
    expect(next("Make a new key: POST /api/v1/api-keys.")).toBeNull();
  });

  it("makes a sentence of what is none of ours", () => {
    expect(problemOf(502, "<html>Bad gateway</html>")).toMatchObject({ isUnreachable: true });
    expect(problemOf(418, undefined).message).toContain("418");
  });
});

describe("unwrap", () => {
  it("gives the data of an answer", async () => {
    expect(await unwrap(Promise.resolve({ data: { a: 1 }, response: new Response() }))).toEqual({ a: 1 });
  });

  it("throws a Problem for a refusal and for no answer at all", async () => {
    const refused = { error: { detail: "No." }, response: new Response(null, { status: 403 }) };
    await expect(unwrap(Promise.resolve(refused))).rejects.toMatchObject({ status: 403, message: "No." });
    const lost = Promise.reject(new TypeError("Failed to fetch"));
    await expect(unwrap(lost)).rejects.toMatchObject({ status: 0, isUnreachable: true });
  });
});

describe("asProblem", () => {
  it("takes whatever was caught", () => {
    const own = new Problem("Own.", 400, "x");
    expect(asProblem(own)).toBe(own);
    const refused = Object.assign(new Error("It does not fit."), { next_step: "Use foreach." });
    expect(asProblem(refused)).toMatchObject({ message: "It does not fit.", next_step: "Use foreach." });
    expect(asProblem("words").message).toBe("words");
    expect(asProblem(new Error("A bug.")).isUnreachable).toBe(false);
  });
});
