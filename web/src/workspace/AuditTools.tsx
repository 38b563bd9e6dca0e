import { useMutation } from "@tanstack/react-query";
import { Download, ShieldCheck } from "lucide-react";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { downloadText } from "@/ui/download";
import { Menu } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import { type AuditFilters, type AuditVerdict, exportAudit } from "./audit_queries";

interface AuditToolsProps {
  filters: AuditFilters;
  isChecking: boolean;
  onCheck: () => void;
}

/** Checking the log, and taking it away as a file. */
export function AuditTools({ filters, isChecking, onCheck }: AuditToolsProps) {
  const take = useMutation({
    mutationFn: async (format: "jsonl" | "csv") => {
      const text = await exportAudit(filters, format);
      downloadText(`audit.${format}`, text, format === "csv" ? "text/csv" : "application/x-ndjson");
    },
    onError: (why) => toast.problem(why),
  });
  return (
    <>
      <Button icon={ShieldCheck} busy={isChecking} onClick={onCheck}>
        Check the log
      </Button>
      <Menu
        align="end"
        trigger={
          <Button icon={Download} busy={take.isPending}>
            Download
          </Button>
        }
        items={[
          { label: "As CSV", hint: "For spreadsheets", onSelect: () => take.mutate("csv") },
          { label: "As JSON lines", hint: "For programs", onSelect: () => take.mutate("jsonl") },
        ]}
      />
    </>
  );
}

/** What the check came to. */
export function Verdict({ verdict, onDismiss }: { verdict: AuditVerdict; onDismiss: () => void }) {
  const { is_whole, entries, broken_at, reason, head } = verdict;
  if (!is_whole) {
    return (
      <Banner tone="bad" title={`Entry ${broken_at ?? ""} is not as it was written.`} onDismiss={onDismiss}>
        {reason} Tell whoever runs this installation.
      </Banner>
    );
  }
  return (
    <Banner
      tone="good"
      title={`All ${entries.toLocaleString("en")} entries are as they were written.`}
      onDismiss={onDismiss}
      action={
        head && <CopyButton wordy variant="secondary" text={`${head.seq} ${head.hash}`} label="Copy number and hash" />
      }
    >
      Keep the last entry’s number and hash elsewhere: they prove later that nothing before it was written anew.
    </Banner>
  );
}
