import { describe, expect, it } from "vitest";
import { isPublic, placeAfter, signInAddress } from "@/session/paths";
import { refusalWords } from "@/session/sso";
import { roleMay } from "@/session/permissions";

describe("placeAfter", () => {
  it.each([
    ["/runs?status=failed#x", "/runs?status=failed#x"],
    ["/agents/0192", "/agents/0192"],
    [null, "/"],
    ["", "/"],
    ["runs", "/"],
    ["//evil.example/x", "/"],
    ["/\\evil.example", "/"],
    ["https://evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/\t/evil.example", "/"],
    ["/sign-in?next=/sign-in", "/"],
    ["/setup", "/"],
    ["/invitation#token=abc", "/invitation#token=abc"],
  ])("%s leads to %s", (next, place) => expect(placeAfter(next)).toBe(place));

  it("comes back to where it was sent from", () => {
    const place = "/runs?status=failed&agent=1 2";
    const next = new URL(signInAddress(place), "http://here.example").searchParams.get("next");
    expect(placeAfter(next)).toBe("/runs?status=failed&agent=1%202");
  });
});

describe("isPublic", () => {
  it("holds for the doors only", () => {
    expect(["/sign-in", "/setup", "/setup/", "/invitation", "/reset-password"].every(isPublic)).toBe(true);
    expect(["/", "/runs", "/sign-in/more"].some(isPublic)).toBe(false);
  });
});

describe("roleMay", () => {
  it("follows the roles, and knows no others", () => {
    expect(roleMay("viewer", "runs:write")).toBe(false);
    expect(roleMay("runner", "runs:write")).toBe(true);
    expect(roleMay("editor", "secrets:write")).toBe(false);
    expect(roleMay("owner", "keys:manage")).toBe(true);
    expect(roleMay("viewer", "approvals:decide")).toBe(true);
    expect(roleMay("admin", "workspace:own")).toBe(false);
    expect(roleMay("constructor", "runs:read")).toBe(false);
  });
});

describe("refusalWords", () => {
  it("says what to do, for reasons that are new to it too", () => {
    expect(refusalWords("unknown").next_step).toBe("Ask an owner to invite you first.");
    expect(refusalWords("constructor").title).toBe("Single sign-on did not work.");
  });
});
