import { describe, expect, it } from "vitest";
import { secretFields, secretProblem, secretValue } from "@/secrets/secret_form";

describe("a new secret", () => {
  const fields = secretFields({
    required: ["token"],
    properties: {
      token: { type: "string", title: "Token", "x-secret": true },
      port: { type: "integer", default: 25 },
      hosts: { type: "array", items: { type: "string" } },
      security: { type: "string", enum: ["auto", "tls"], default: "auto" },
    },
  });

  it("asks for the fields of its kind", () => {
    expect(fields.map(({ label, type, is_secret }) => [label, type, is_secret])).toEqual([
      ["Token", "text", true],
      ["Port", "number", false],
      ["Hosts", "list", false],
      ["Security", "choice", false],
    ]);
  });

  it("holds what is filled in, with its type", () => {
    expect(secretValue(fields, { token: " t ", port: "587", hosts: "a.org, b.org", security: "" })).toEqual({
      token: "t",
      port: 587,
      hosts: ["a.org", "b.org"],
    });
    expect(secretValue(fields, {})).toBeNull();
  });

  it("says what is missing", () => {
    expect(secretProblem(fields, { port: "1" })).toBe("Token is missing.");
    expect(secretProblem(fields, { token: "t", port: "x" })).toBe("Port has to be a whole number.");
    expect(secretProblem(fields, { token: "t" })).toBeNull();
    expect(secretProblem(secretFields({ properties: { a: {} } }), {})).toBe("Fill in at least one field.");
  });
});
