/** What every call carries, and what its answer says about the session and the server. */
import type { Middleware } from "openapi-fetch";
import { api, type Schemas } from "@/client";
import { isAbort, Problem, problemOf, unwrap } from "@/client/problem";
import { queryClient } from "@/client/queries";
import { onReturn, suspectDown } from "./connection";
import { beginSession, chooseWorkspace, endSession, expireSession, type Session, useSessionStore } from "./store";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
const GATEWAY_ERRORS = new Set([502, 503, 504]);

/** The headers of a call: the workspace, and the proof that it comes from our own page where it changes something. For
 *  calls that go past `api`, such as streams. */
export function callHeaders(method = "GET"): Record<string, string> {
  const { session, workspaceId } = useSessionStore.getState();
  const headers: Record<string, string> = {};
  if (workspaceId) headers["Plainwork-Workspace"] = workspaceId;
  if (session && !SAFE.has(method)) headers["X-CSRF-Token"] = session.csrf_token;
  return headers;
}

/** Draws the conclusions from an answer; `api` does so by itself. */
export function heedAnswer(answer: Response): void {
  if (answer.status === 401) expireSession();
  const isOurs = answer.headers.get("content-type")?.includes("problem+json");
  if (GATEWAY_ERRORS.has(answer.status) && !isOurs) suspectDown();
}

const middleware: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(callHeaders(request.method))) request.headers.set(name, value);
    return request;
  },
  async onResponse({ request, response, schemaPath }) {
    heedAnswer(response);
    if (response.status !== 403 || schemaPath === "/api/v1/session") return;
    if (!SAFE.has(request.method) || (await codeOf(response)) === "EnrolmentNeeded") void refresh();
  },
  onError({ error }) {
    if (!isAbort(error)) suspectDown();
  },
};
api.use(middleware);

/** Finds out who is signed in. Throws Problem when that cannot be found out. */
export async function askSession(): Promise<void> {
  const { is_set_up, session, single_sign_on, mails } = await unwrap(api.GET("/api/v1/visitor"));
  useSessionStore.setState({ ways: { single_sign_on, mails } });
  if (session) beginSession(session);
  else endSession(is_set_up ? "nobody" : "new");
}

/** Signs in. Throws Problem; its code is `CodeNeeded` where a code of the second factor is missing or wrong. */
export async function signIn(email: string, password: string, code: string | null = null): Promise<void> {
  await enter(await unwrap(api.POST("/api/v1/session", { body: { email, password, code } })));
}

/** Makes an account for who was invited, and signs them in. Throws Problem. */
export async function acceptInvitation(newcomer: Schemas["Newcomer"]): Promise<void> {
  await enter(await unwrap(api.POST("/api/v1/invitations/accept", { body: newcomer })));
}

/** Joins a workspace as who is signed in, and goes into it. Throws Problem. */
export async function joinWorkspace(token: string): Promise<void> {
  const before = new Set(useSessionStore.getState().session?.workspaces.map(({ id }) => id));
  const session = await unwrap(api.POST("/api/v1/invitations/join", { body: { token } }));
  const joined = session.workspaces.find(({ id }) => !before.has(id));
  await enter(session);
  if (joined) chooseWorkspace(joined.id);
}

/** Makes the first owner and signs them in; where that has been done already, they have to sign in. Throws Problem. */
export async function setUp(owner: {
  token: string;
  email: string;
  password: string;
  name: string;
  workspace: string;
}) {
  const { data, error, response } = await answered(api.POST("/api/v1/setup", { body: owner }));
  if (data) await enter(data);
  else if (response.status === 409) endSession("nobody");
  else throw problemOf(response.status, error);
}

/** Signs out, here and in the other tabs. */
export async function signOut(): Promise<void> {
  await unwrap(api.DELETE("/api/v1/session"));
  queryClient.clear();
  endSession("nobody");
  tabs?.postMessage("changed");
}

/** Goes on with a session as the server now tells it: signed in, or changed by what was done to the account. */
export async function enter(session: Session): Promise<void> {
  beginSession(session);
  tabs?.postMessage("changed");
  await queryClient.invalidateQueries();
}

async function codeOf(answer: Response): Promise<unknown> {
  return answer
    .clone()
    .json()
    .then(
      (body: { code?: unknown }) => body.code,
      () => null,
    );
}

async function answered<T>(call: Promise<T>): Promise<T> {
  return call.catch(() => {
    throw new Problem("Plainwork cannot be reached.", 0, "Unreachable");
  });
}

/** Takes up what another tab did: a session begun anew has another CSRF token; one that was ended is gone here too. */
export async function refresh(): Promise<void> {
  const { data, response } = await api.GET("/api/v1/session").catch(() => ({ data: undefined, response: null }));
  if (data) beginSession(data);
  else if (response?.status === 401) expireSession();
}

const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("plainwork.session");
if (tabs) tabs.onmessage = () => void (useSessionStore.getState().phase === "signed-in" && refresh());

onReturn(() => void queryClient.invalidateQueries());
