import { Check, Copy, type LucideIcon } from "lucide-react";
import { useEffect, useState } from "react";
import type { ButtonVariant, ControlSize } from "./Button";
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
  className,
  tabIndex,
}: {
  text: string | (() => string);
  label?: string;
  size?: ControlSize;
  variant?: ButtonVariant;
  icon?: LucideIcon;
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
  return (
    <IconButton
      label={copied ? "Copied" : label}
      icon={copied ? Check : icon}
      size={size}
      variant={variant}
      onClick={() => void copy()}
      tabIndex={tabIndex}
      className={className}
    />
  );
}
