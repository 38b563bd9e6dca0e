/** Which icon and colour a step kind has. Own icons where the kind says most; otherwise its group's. */
import {
  AppWindow,
  AtSign,
  Bot,
  Braces,
  Brain,
  Bug,
  CalendarClock,
  CircleHelp,
  CircleStop,
  ClipboardList,
  CodeXml,
  CornerDownLeft,
  Database,
  Filter,
  GitBranch,
  GitFork,
  Globe,
  Group,
  Hand,
  Hash,
  Hourglass,
  List,
  type LucideIcon,
  Mail,
  MessageCircle,
  MessageSquare,
  MessagesSquare,
  NotebookText,
  PencilLine,
  Play,
  RefreshCw,
  Repeat,
  Reply,
  ScanText,
  Send,
  Sheet,
  Sparkles,
  Stamp,
  Table2,
  Tags,
  TriangleAlert,
  Webhook,
} from "lucide-react";

export type KindGroup = "trigger" | "data" | "flow" | "ai" | "web" | "message" | "app";

export interface KindLook {
  icon: LucideIcon;
  group: KindGroup;
}

const GROUPS: Record<string, KindLook> = {
  trigger: { icon: Play, group: "trigger" },
  data: { icon: Braces, group: "data" },
  flow: { icon: GitFork, group: "flow" },
  ai: { icon: Sparkles, group: "ai" },
  web: { icon: Globe, group: "web" },
  messages: { icon: MessageSquare, group: "message" },
  social: { icon: MessagesSquare, group: "app" },
  work: { icon: AppWindow, group: "app" },
};

/** By a kind's id, or by its first part for all actions of a connector. */
const LOOKS: Record<string, KindLook> = {
  schedule: { icon: CalendarClock, group: "trigger" },
  webhook: { icon: Webhook, group: "trigger" },
  manual: { icon: Hand, group: "trigger" },
  poll: { icon: RefreshCw, group: "trigger" },
  form: { icon: ClipboardList, group: "trigger" },
  chat: { icon: MessageCircle, group: "trigger" },
  error: { icon: TriangleAlert, group: "trigger" },
  set: { icon: PencilLine, group: "data" },
  filter: { icon: Filter, group: "data" },
  code: { icon: CodeXml, group: "data" },
  sql: { icon: Database, group: "data" },
  condition: { icon: GitBranch, group: "flow" },
  foreach: { icon: List, group: "flow" },
  repeat: { icon: Repeat, group: "flow" },
  group: { icon: Group, group: "flow" },
  wait: { icon: Hourglass, group: "flow" },
  respond: { icon: CornerDownLeft, group: "flow" },
  stop: { icon: CircleStop, group: "flow" },
  fail: { icon: TriangleAlert, group: "flow" },
  todo: { icon: CircleHelp, group: "flow" },
  approval: { icon: Stamp, group: "flow" },
  callback: { icon: Reply, group: "flow" },
  agent: { icon: Bot, group: "flow" },
  llm: { icon: Brain, group: "ai" },
  "llm.classify": { icon: Tags, group: "ai" },
  "llm.extract": { icon: ScanText, group: "ai" },
  http: { icon: Globe, group: "web" },
  discord: { icon: MessageCircle, group: "message" },
  email: { icon: Mail, group: "message" },
  slack: { icon: Hash, group: "message" },
  sms: { icon: AtSign, group: "message" },
  telegram: { icon: Send, group: "message" },
  airtable: { icon: Table2, group: "app" },
  github: { icon: Bug, group: "app" },
  "google-sheets": { icon: Sheet, group: "app" },
  notion: { icon: NotebookText, group: "app" },
  reddit: { icon: MessagesSquare, group: "app" },
};

/** The look of a kind by its id (`http`, `http@1`) or a trigger's (`schedule`); one that is new to this page looks like
 *  the group that the catalogue says. */
export function kindLook(id: string, group = ""): KindLook {
  const bare = id.split("@")[0] ?? id;
  return LOOKS[bare] ?? LOOKS[bare.split(".")[0] ?? ""] ?? GROUPS[group] ?? { icon: AppWindow, group: "app" };
}

/** The text colour of each group. */
export const GROUP_TEXT: Record<KindGroup, string> = {
  trigger: "text-group-trigger",
  data: "text-group-data",
  flow: "text-group-flow",
  ai: "text-group-ai",
  web: "text-group-web",
  message: "text-group-message",
  app: "text-group-app",
};
