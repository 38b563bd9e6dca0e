/** The agents of the workspace, for the other parts. */
export { AgentPage } from "./AgentPage";
export { agentsQuery, templatesQuery } from "./queries";
