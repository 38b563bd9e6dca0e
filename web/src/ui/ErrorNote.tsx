import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { asProblem } from "@/client/problem";
import { Banner } from "./Banner";
import { Button } from "./Button";

/** What went wrong, in the server's own words, with its next step. Takes whatever was caught. */
export function ErrorNote({
  problem,
  onRetry,
  busy,
  action,
  className,
}: {
  problem: unknown;
  onRetry?: () => void;
  /** The retry is under way. */
  busy?: boolean;
  /** Another way out than trying again. */
  action?: ReactNode;
  className?: string;
}) {
  const { message, next_step, findings } = asProblem(problem);
  const shown = findings.filter((finding) => finding.message !== message).slice(0, 5);
  return (
    <Banner
      tone="bad"
      title={message}
      className={className}
      action={
        <>
          {action}
          {onRetry && (
            <Button size="sm" icon={RotateCw} busy={busy} onClick={onRetry}>
              Try again
            </Button>
          )}
        </>
      }
    >
      {next_step && <p>{next_step}</p>}
      {shown.length > 0 && (
        <ul className="mt-1 list-disc pl-4">
          {shown.map((finding, i) => (
            <li key={i}>{finding.line ? `Line ${finding.line}: ${finding.message}` : finding.message}</li>
          ))}
        </ul>
      )}
    </Banner>
  );
}
