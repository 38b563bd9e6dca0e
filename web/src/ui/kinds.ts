/** Which icon and colour a step kind has. Own icons where the kind says most; otherwise its group's. */
import {
  AppWindow,
  AtSign,
  Braces,
  Brain,
  Bug,
  CalendarClock,
  CircleHelp,
  CircleStop,
  CodeXml,
  Combine,
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
  ListTree,
  type LucideIcon,
  Mail,
  MessageCircle,
  MessageSquare,
  MessagesSquare,
  NotebookText,
  PencilLine,
  Play,
  Repeat,
  RefreshCw,
  Rss,
  ScanText,
  Send,
  Sheet,
  Sparkles,
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
const ICONS: Record<string, LucideIcon> = {
  set: PencilLine,
  filter: Filter,
  code: CodeXml,
  condition: GitBranch,
  foreach: List,
  repeat: Repeat,
  group: Group,
  wait: Hourglass,
  respond: CornerDownLeft,
  fail: TriangleAlert,
  todo: CircleHelp,
  llm: Brain,
  "llm.classify": Tags,
  "llm.extract": ScanText,
  airtable: Table2,
  discord: MessageCircle,
  email: Mail,
  github: Bug,
  "google-sheets": Sheet,
  http: Globe,
  notion: NotebookText,
  reddit: MessagesSquare,
  slack: Hash,
  sms: AtSign,
  sql: Database,
  telegram: Send,
  rss: Rss,
  schedule: CalendarClock,
  webhook: Webhook,
  manual: Hand,
  stop: CircleStop,
  parallel: Combine,
  tree: ListTree,
  poll: RefreshCw,
};

const TRIGGERS = new Set(["schedule", "webhook", "manual", "poll"]);

/** The look of a kind by its id (`http`, `http@1`) or a trigger's (`schedule`), with the group the catalogue says. */
export function kindLook(id: string, group?: string): KindLook {
  const bare = id.split("@")[0] ?? id;
  const look = GROUPS[TRIGGERS.has(bare) ? "trigger" : (group ?? "flow")] ?? { icon: AppWindow, group: "app" };
  const icon = ICONS[bare] ?? ICONS[bare.split(".")[0] ?? ""] ?? look.icon;
  return { icon, group: look.group };
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
