import { useState } from "react";
import { useSession } from "@/session";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { toast } from "@/ui/toast";
import { rotateAddress } from "./queries";

/** Whoever has the address can start runs: when it has got about, the agent is given another. */
export function Address({ agentId }: { agentId: string }) {
  const { may } = useSession();
  const [asks, setAsks] = useState(false);
  if (!may("agents:write")) return null;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 text-sm text-ink-soft">
      <p className="min-w-0 flex-1 basis-64">
        Webhooks, forms and chats share one secret part of their addresses. It stays the same from version to version.
      </p>
      <Button size="sm" onClick={() => setAsks(true)}>
        Give it other addresses…
      </Button>
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title="Give the agent other addresses?"
        confirm="Give it others"
        danger
        onConfirm={async () => {
          await rotateAddress(agentId);
          toast.good("The addresses are other ones now.");
        }}
      >
        <p>
          The addresses of its webhooks, forms and chats lead nowhere from then on. Tell the new ones to all senders.
        </p>
      </ConfirmDialog>
    </div>
  );
}
