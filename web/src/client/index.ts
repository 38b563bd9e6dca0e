/** The API, typed from its own description (`schema.d.ts` is generated: `make client`). */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** Calls the API of the server that this page came from. */
export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
