/** How the states of runs and steps look and read. The one map: lists, cards, bars and badges all ask it. */
import {
  Ban,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleX,
  Clock,
  LoaderCircle,
  type LucideIcon,
  RotateCw,
  SkipForward,
} from "lucide-react";

export type Tone = "good" | "bad" | "warn" | "live" | "idle";

export interface StatusLook {
  /** The word people read. */
  word: string;
  icon: LucideIcon;
  tone: Tone;
  /** It goes on now: the icon turns. */
  spins?: boolean;
}

const LOOKS: Record<string, StatusLook> = {
  queued: { word: "Queued", icon: CircleDashed, tone: "idle" },
  started: { word: "Running", icon: LoaderCircle, tone: "live", spins: true },
  running: { word: "Running", icon: LoaderCircle, tone: "live", spins: true },
  waiting: { word: "Waiting", icon: Clock, tone: "warn" },
  succeeded: { word: "Succeeded", icon: CircleCheck, tone: "good" },
  failed: { word: "Failed", icon: CircleX, tone: "bad" },
  retrying: { word: "Trying again", icon: RotateCw, tone: "warn" },
  cancelled: { word: "Cancelled", icon: Ban, tone: "idle" },
  skipped: { word: "Skipped", icon: SkipForward, tone: "idle" },
  asking: { word: "Needs you", icon: CircleAlert, tone: "warn" },
};

/** The look of a run's or a step's status. One that is new to this page shows its own name. */
export function statusLook(status: string): StatusLook {
  return LOOKS[status] ?? { word: status, icon: CircleDashed, tone: "idle" };
}

/** The text colour of a tone. */
export const TONE_TEXT: Record<Tone, string> = {
  good: "text-good",
  bad: "text-bad",
  warn: "text-warn",
  live: "text-live",
  idle: "text-idle",
};

/** The full colour of a tone, for bars and dots. */
export const TONE_FILL: Record<Tone, string> = {
  good: "bg-good",
  bad: "bg-bad",
  warn: "bg-warn",
  live: "bg-live",
  idle: "bg-idle",
};
