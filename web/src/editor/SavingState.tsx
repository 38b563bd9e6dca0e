import { Check, CloudOff, LoaderCircle, type LucideIcon, Pencil, TriangleAlert } from "lucide-react";
import { type OpenDocument, type Saving, useDocument } from "@/document";
import { cx } from "@/ui/cx";

const WORDS: Record<Saving, { icon: LucideIcon; text: string; about: string; tone?: string }> = {
  saved: { icon: Check, text: "Saved", about: "The draft is on the server." },
  waiting: { icon: Pencil, text: "Editing", about: "The draft is saved when you pause." },
  saving: { icon: LoaderCircle, text: "Saving", about: "The draft is on its way to the server." },
  offline: {
    icon: CloudOff,
    text: "Kept here",
    about: "The server cannot be reached. Your edits are kept in this browser and saved as soon as it can.",
    tone: "text-warn",
  },
  "signed-out": {
    icon: CloudOff,
    text: "Kept here",
    about: "Sign in again, and the draft is saved. Your edits are kept in this browser meanwhile.",
    tone: "text-warn",
  },
  conflict: {
    icon: TriangleAlert,
    text: "Not saved",
    about: "Somebody else has changed the draft meanwhile. Decide which text goes on.",
    tone: "text-bad",
  },
  failed: { icon: TriangleAlert, text: "Not saved", about: "The server refused the draft.", tone: "text-bad" },
};

/** How the text stands to what the server keeps. */
export function SavingState({ document }: { document: OpenDocument }) {
  const saving = useDocument(document, (state) => state.saving);
  const { icon: Icon, text, about, tone } = WORDS[saving];
  return (
    <span
      role="status"
      title={about}
      className={cx("flex shrink-0 items-center gap-1.5 text-xs", tone ?? "text-ink-faint")}
    >
      <Icon aria-hidden className={cx("size-3.5", saving === "saving" && "animate-spin")} />
      <span className="max-xl:sr-only">{text}</span>
    </span>
  );
}
