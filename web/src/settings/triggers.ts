/** What each kind of trigger is called, and what can be set of it. */

export const TRIGGER_WORDS: Record<string, { title: string; about: string }> = {
  schedule: { title: "By the clock", about: "A run begins at the times that the phrase names." },
  webhook: { title: "By a webhook", about: "A run begins when an HTTP request arrives." },
  manual: { title: "By hand", about: "A run begins when a person or a program asks for it." },
  form: { title: "By a form", about: "A run begins when a person sends the form." },
  chat: { title: "By a chat message", about: "A run begins with a message." },
  email: { title: "By a mail", about: "A run begins when a mail arrives." },
  error: { title: "By another agent's failure", about: "A run begins when a run of that agent has failed." },
  poll: { title: "By something new", about: "A service is asked regularly; a run begins for each thing that is new." },
};

interface TriggerField {
  key: string;
  label: string;
  hint?: string;
  placeholder?: string;
}

const PHRASE_HINT =
  "In words: every weekday at 07:30 in Europe/Berlin, on the 1st of the month at 9:00, every 15 minutes.";
const ACCOUNT: TriggerField = { key: "account", label: "Account" };

export const TRIGGER_FIELDS: Record<string, TriggerField[]> = {
  schedule: [
    { key: "phrase", label: "When", hint: PHRASE_HINT },
    { key: "cron", label: "Or a cron expression", placeholder: "30 7 * * 1-5" },
    { key: "timezone", label: "Time zone", placeholder: "UTC", hint: "Where the phrase does not name one." },
    { key: "missed", label: "Missed times", placeholder: "last", hint: "skip, last, all, or all up to 20." },
    { key: "overlap", label: "Overlap", placeholder: "allow", hint: "allow, skip, queue, or cancel previous." },
    { key: "jitter", label: "Spread over", placeholder: "2 minutes", hint: "So that not everything begins at once." },
  ],
  webhook: [
    { key: "path", label: "Path", hint: "Where the request arrives, such as /orders." },
    { key: "method", label: "Method", placeholder: "POST" },
    { key: "verify", label: "Checked by", hint: "The secret that proves who is calling." },
  ],
  form: [{ key: "title", label: "Title of the form" }],
  email: [ACCOUNT],
  error: [{ key: "agent", label: "Agent", hint: "The agent whose failures are handled." }],
  poll: [
    { key: "uses", label: "What is watched", hint: "A connector's trigger, such as rss.new_item." },
    { key: "every", label: "How often", placeholder: "15 minutes" },
    ACCOUNT,
  ],
};

/** How a trigger of each kind begins. */
export const NEW_TRIGGERS: Record<string, Record<string, unknown>> = {
  schedule: { kind: "schedule", phrase: "every weekday at 09:00" },
  webhook: { kind: "webhook", path: "/new" },
  manual: { kind: "manual" },
  form: { kind: "form", title: "Start" },
  chat: { kind: "chat" },
  email: { kind: "email" },
  error: { kind: "error", agent: "another agent" },
  poll: { kind: "poll", uses: "rss.new_item" },
};
