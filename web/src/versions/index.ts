/** An agent's versions, for the other parts: which there are, which is live, and what keeps one from it. */
export { CanaryBanner } from "./CanaryBanner";
export { versionsPath } from "./place";
export { type Agent, agentQuery, publish, setLive, type VersionHead, versionQuery } from "./queries";
export { useGate } from "./useGate";
