/** The agents of the workspace, for the other parts. */
export { agentsQuery, templatesQuery } from "./queries";
