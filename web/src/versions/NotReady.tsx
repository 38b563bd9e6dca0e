import type { Schemas } from "@/client";
import { useSession } from "@/session";
import { Field } from "@/ui/Field";
import { TextArea } from "@/ui/TextArea";
import { isOverridable } from "./readiness";
import { Unmet } from "./Unmet";

interface NotReadyProps {
  unmet: readonly Schemas["Finding"][];
  reason: string;
  onReason: (reason: string) => void;
}

/** What a version does not meet; for those who may, a reason to have it live all the same. */
export function NotReady({ unmet, reason, onReason }: NotReadyProps) {
  const mayOverride = useMayOverride(unmet);
  return (
    <div className="flex w-full flex-col gap-4 text-left">
      <Unmet title="It is not ready to go live." unmet={unmet} />
      {mayOverride && (
        <Field
          label="Why it should go live all the same"
          optional
          hint="The agent's history and the audit log keep it, with what is not met."
        >
          <TextArea rows={2} maxLength={2000} value={reason} onChange={(event) => onReason(event.target.value)} />
        </Field>
      )}
    </div>
  );
}

/** Whether this person may let what is not met be. */
export function useMayOverride(unmet: readonly Schemas["Finding"][] | null): boolean {
  const { may } = useSession();
  return unmet !== null && may("agents:override") && isOverridable(unmet);
}
