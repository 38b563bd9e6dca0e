/** The keys that documents and steps have, with what they are for and what they may be. */

export interface KeyWords {
  about: string;
  /** What it may be, where that is a choice. */
  choices?: string[];
  /** What is under it. */
  keys?: Keys;
  /** Each key under it is a name of one's own with these keys under it. */
  named?: Keys;
  /** What is written after the key and its colon. */
  opens?: string;
}

export type Keys = Record<string, KeyWords>;

const DURATIONS = ["10s", "30s", "2 minutes", "1h"];

const RETRY: Keys = {
  times: { about: "How many further attempts", choices: ["2", "3", "5"] },
  wait: { about: "The longest wait before the first of them", choices: ["1s", "10s", "1 minute"] },
  backoff: { about: "By how much each wait grows", choices: ["1", "2"] },
  on: { about: "The kinds of failure that are tried again", choices: ["retry", "timeout"] },
};

const STEP_LIMITS: Keys = {
  "cost per run": { about: "In USD, of this step alone", choices: ["0.05 USD"] },
  "tokens per run": { about: "Of this step alone", choices: ["20000"] },
};

export const STEP_KEYS: Keys = {
  uses: { about: "The step kind: what this step does" },
  with: { about: "Its settings; texts in them may hold {{ expressions }}" },
  account: { about: "Which secret signs its calls" },
  model: { about: "The model, instead of the document's" },
  if: { about: "An expression; when it is not true the step is passed over" },
  join: {
    about: "all: wait for every branch that can still arrive; any: the first is enough",
    choices: ["all", "any"],
  },
  retry: { about: "Further attempts when it fails", keys: RETRY, opens: "{times: 3, wait: 10s, backoff: 2}" },
  timeout: { about: "How long one attempt may take", choices: DURATIONS },
  limits: { about: "What this step may cost", keys: STEP_LIMITS },
  cache: { about: "How long an equal call may be answered from memory", choices: ["10 minutes", "1h", "1 day"] },
  effect: { about: "Where the kind's own effect is not right", choices: ["none", "read", "keyed", "once"] },
  "on uncertain": {
    about: "What happens when nobody knows whether it took effect",
    choices: ["ask", "repeat", "skip"],
  },
  note: { about: "For people" },
  id: { about: "The step's id, where the heading's own will not do" },
};

export const INPUT_TYPES = [
  "text",
  "long text",
  "number",
  "integer",
  "yes/no",
  "date",
  "time",
  "duration",
  "email",
  "url",
  "file",
  "object",
  "list of text",
  "one of [a, b]",
];

const INPUT: Keys = {
  type: { about: "What kind of value it is", choices: INPUT_TYPES },
  default: { about: "What it is when nobody says" },
  about: { about: "What it is for" },
  required: { about: "false: it may be missing", choices: ["true", "false"] },
};

const OUTPUT: Keys = { value: { about: "A template, such as {{ step.text }}" }, about: { about: "What it is" } };

const LIMITS: Keys = {
  "cost per run": { about: "In USD", choices: ["0.05 USD", "1 USD"] },
  "cost per day": { about: "In USD", choices: ["1 USD", "10 USD"] },
  "time per run": { about: "A duration", choices: ["5 minutes", "1h"] },
  "runs per day": { about: "A number", choices: ["24", "100"] },
  "runs at once": { about: "More wait their turn", choices: ["1", "5"] },
  "tokens per run": { about: "A number", choices: ["100000"] },
  "steps per run": { about: "A number", choices: ["1000"] },
  priority: { about: "Before or after the workspace's other runs", choices: ["low", "normal", "high"] },
};

export const PHRASES = [
  "every weekday at 08:00",
  "every day at 07:30 in Europe/Berlin",
  "every 15 minutes",
  "every hour",
  "every monday at 09:00",
  "every month on the 1st at 08:00",
];

export const TRIGGER_KEYS: Keys = {
  schedule: { about: "By the clock, in words", choices: PHRASES },
  cron: { about: "By the clock, as cron", choices: ["0 8 * * 1-5"] },
  timezone: { about: "The zone of the cron line", choices: ["Europe/Berlin", "UTC"] },
  missed: { about: "Which missed times are made up for", choices: ["last", "skip", "all", "all up to 20"] },
  overlap: { about: "While the run before goes on", choices: ["allow", "skip", "queue", "cancel previous"] },
  jitter: { about: "Over how long starts are spread", choices: ["2 minutes"] },
  webhook: { about: "When a request arrives at this path", choices: ["/orders"] },
  method: { about: "The request's method", choices: ["POST", "GET"] },
  verify: { about: "The secret that signs the requests" },
  respond: { about: "When the request is answered", choices: ["at once", "when done", "stream"] },
  "once per": { about: "What two requests have in common that are one, sent twice" },
  poll: { about: "For each new thing that a connector finds" },
  email: { about: "When a mail comes into this mailbox" },
  every: { about: "How often to look", choices: ["5 minutes", "1h"] },
  with: { about: "What exactly is polled, or which mails count" },
  account: { about: "Which secret signs what is asked" },
  remember: { about: "What becomes of what is there already", choices: ["from now", "all"] },
  form: { about: "When a person sends the form of this title" },
  "error of": { about: "When a run of this agent fails" },
  map: { about: "Which input gets what: input → expression" },
};

export const FRONT_KEYS: Keys = {
  agentspec: { about: "The version of this format", choices: ["1"] },
  when: {
    about: "What starts the agent: one trigger or a list",
    keys: TRIGGER_KEYS,
    choices: [...PHRASES, "manual", "chat"],
  },
  inputs: { about: "What it takes: name → type", named: INPUT, choices: INPUT_TYPES },
  outputs: { about: "What it gives: name → value", named: OUTPUT },
  secrets: { about: "Name → what it is for; values are kept in the vault" },
  model: { about: "provider:model, or a list to fall back on" },
  limits: { about: "What a run may cost and take", keys: LIMITS },
  defaults: {
    about: "For steps that do not say otherwise",
    keys: {
      retry: { about: "Further attempts", keys: RETRY },
      timeout: { about: "A duration", choices: DURATIONS },
      account: { about: "A secret" },
    },
  },
  "on failure": { about: "The step with which a failed run goes on" },
  enabled: { about: "false keeps triggers from starting it", choices: ["true", "false"] },
  tags: { about: "For people" },
  owner: { about: "For people" },
  id: { about: "A name for programs" },
};

/** The kinds of failure that `On error` and `retry` name. */
export const FAILURES = ["retry", "auth", "rejected", "timeout"];

/** What stands at a path of keys. A name of one's own has the choices of what holds it (`topic: text`). */
export function keysAt(keys: Keys, path: readonly string[]): { here: KeyWords; under: Keys } {
  let here: KeyWords = { about: "", keys };
  for (const name of path) {
    if (name === "-") continue;
    if (here.named) here = { about: "", keys: here.named, choices: here.choices };
    else here = here.keys?.[name] ?? { about: "" };
  }
  return { here, under: here.keys ?? {} };
}
