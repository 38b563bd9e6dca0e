/** What starts agents, for the other parts: the notice of schedules that need a look. The rest is a page of its own. */
export { AlarmNotice } from "./alarms";
