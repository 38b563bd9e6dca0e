/** The addresses of signing in. */

const ENTRANCES = ["/sign-in", "/setup"];
const PUBLIC = new Set([...ENTRANCES, "/invitation", "/reset-password"]);

/** Whether a page is for people who are not signed in. */
export function isPublic(path: string): boolean {
  return PUBLIC.has(path.replace(/\/$/, ""));
}

/** Where to sign in, to come back to `path` after it. */
export function signInAddress(path: string): string {
  return path === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(path)}`;
}

/** Where single sign-on begins; it comes back to `path`. An address of the API, not a page. */
export function singleSignOnAddress(path: string): string {
  return `/api/v1/session/sso?return_to=${encodeURIComponent(path)}`;
}

/** The place within this app that `next` names; the start for anything else, another site's address above all. */
export function placeAfter(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return "/";
  const url = new URL(next, "http://plainwork.invalid");
  if (url.host !== "plainwork.invalid" || ENTRANCES.includes(url.pathname.replace(/\/$/, ""))) return "/";
  return url.pathname + url.search + url.hash;
}
