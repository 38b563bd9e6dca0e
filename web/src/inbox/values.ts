/** Values that people type in. Pure. */

export type Typed = { value: unknown; error: null } | { value: null; error: string };

/** The value that a text says as JSON. */
export function readJson(text: string): Typed {
  try {
    return { value: JSON.parse(text) as unknown, error: null };
  } catch (why) {
    return { value: null, error: `This is no JSON yet: ${why instanceof Error ? why.message : "it cannot be read"}.` };
  }
}

/** What steps are to have given, by their paths; an empty text: nothing. */
export function readOutputs(text: string): { value: Record<string, unknown>; error: string | null } {
  if (text.trim() === "") return { value: {}, error: null };
  const { value, error } = readJson(text);
  if (error !== null) return { value: {}, error };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { value: {}, error: 'Write an object with a step\'s name for each output: {"fetch": {"status": 200}}.' };
  }
  return { value: value as Record<string, unknown>, error: null };
}
