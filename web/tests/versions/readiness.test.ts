import { describe, expect, it } from "vitest";
import type { Schemas } from "@/client";
import { Problem } from "@/client/problem";
import { isOverridable, unmetOf } from "@/versions/readiness";

function finding(code: string): Schemas["Finding"] {
  return { code, message: "It is not met." };
}

describe("what keeps a version from going live", () => {
  it("is told from other problems", () => {
    const unmet = [finding("example-failed")];
    expect(unmetOf(new Problem("Not ready.", 409, "NotReady", null, unmet))).toEqual(unmet);
    expect(unmetOf(new Problem("Changed meanwhile.", 409, "Conflict"))).toBeNull();
    expect(unmetOf(null)).toBeNull();
  });

  it("can be let be, but for errors of the document", () => {
    expect(isOverridable([finding("example-failed"), finding("secret-missing")])).toBe(true);
    expect(isOverridable([finding("example-failed"), finding("unknown-kind")])).toBe(false);
  });
});
