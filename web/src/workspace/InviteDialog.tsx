import { useState } from "react";
import type { Schemas } from "@/client";
import { type Role, ROLES, useSession, useSubmit } from "@/session";
import { Actions } from "@/ui/Actions";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { TextInput } from "@/ui/TextInput";
import { OnceShown } from "./OnceShown";
import { invite } from "./queries";

/** Invites somebody; afterwards the link, which is shown once. */
export function InviteDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [made, setMade] = useState<Schemas["InvitationMade"] | null>(null);
  const close = () => {
    setMade(null);
    onClose();
  };
  return (
    <Dialog open={open} onClose={close} title={made ? "The invitation is made" : "Invite somebody"} size="sm">
      {made ? <Made made={made} onClose={close} /> : <Form onClose={close} onMade={setMade} />}
    </Dialog>
  );
}

function Form({ onClose, onMade }: { onClose: () => void; onMade: (made: Schemas["InvitationMade"]) => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const { busy, problem, onSubmit } = useSubmit(async () => onMade(await invite(email, role)));
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4">
      <Field label="E-mail">
        <TextInput
          type="email"
          required
          autoComplete="off"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </Field>
      <Field label="Role" hint={ROLES.find((one) => one.role === role)?.may}>
        <RoleSelect value={role} onChange={setRole} />
      </Field>
      {problem !== null && <ErrorNote problem={problem} />}
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" busy={busy}>
          Invite
        </Button>
      </Actions>
    </form>
  );
}

interface RoleSelectProps {
  label?: string;
  value: Role;
  onChange: (role: Role) => void;
  disabled?: boolean;
  size?: "sm" | "md";
  className?: string;
}

/** A choice of the roles that this person may give. */
export function RoleSelect({ value, ...rest }: RoleSelectProps) {
  const { may } = useSession();
  const options = ROLES.map(({ role, may: hint }) => ({
    value: role,
    label: role,
    hint,
    disabled: role === "owner" && !may("workspace:own"),
  }));
  return <Select options={options} value={value} {...rest} />;
}

function Made({ made, onClose }: { made: Schemas["InvitationMade"]; onClose: () => void }) {
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm text-ink-soft">
        {made.mailed
          ? `A mail with this link is on its way to ${made.email}.`
          : `Hand this link to ${made.email}, and to nobody else.`}{" "}
        It works once, within seven days, and is shown now and never again.
      </p>
      <OnceShown label="Link" text={made.link} />
      <div className="flex justify-end">
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  );
}
