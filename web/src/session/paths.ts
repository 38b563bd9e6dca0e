/** The addresses of signing in. */

const PUBLIC = new Set(["/sign-in", "/setup"]);

/** Whether a page is for people who are not signed in. */
export function isPublic(path: string): boolean {
  return PUBLIC.has(path.replace(/\/$/, ""));
}

/** Where to sign in, to come back to `path` after it. */
export function signInAddress(path: string): string {
  return path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`;
}

/** The place within this app that `next` names; the start for anything else, another site's address above all. */
export function placeAfter(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return "/";
  const url = new URL(next, "http://plainwork.invalid");
  if (url.host !== "plainwork.invalid" || isPublic(url.pathname)) return "/";
  return url.pathname + url.search + url.hash;
}
