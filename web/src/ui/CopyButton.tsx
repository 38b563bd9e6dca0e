import { Check, Copy, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, type ButtonVariant, type ControlSize } from "./Button";
import { copyText } from "./clipboard";
import { IconButton } from "./IconButton";
import { toast } from "./toast";

/** Copies a text and shows for a moment that it did. A function is asked for the text when it is pressed. */
export function CopyButton({
  text,
  label = "Copy",
  size,
  variant,
  icon = Copy,
  wordy,
  className,
  tabIndex,
}: {
  text: string | (() => string);
  label?: string;
  size?: ControlSize;
  variant?: ButtonVariant;
  icon?: LucideIcon;
  /** The label stands beside the icon. */
  wordy?: boolean;
  className?: string;
  tabIndex?: number;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await copyText(typeof text === "function" ? text() : text);
      setCopied(true);
    } catch (why) {
      toast.problem(why);
    }
  };
  const common = { icon: copied ? Check : icon, onClick: () => void copy(), tabIndex, className };
  const words = copied ? "Copied" : label;
  if (!wordy) return <IconButton {...common} label={words} size={size} variant={variant} />;
  return (
    <Button {...common} size={size ?? "sm"} variant={variant ?? "ghost"}>
      {words}
    </Button>
  );
}
