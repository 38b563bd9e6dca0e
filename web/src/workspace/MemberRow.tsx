import { EllipsisVertical, KeyRound, UserMinus } from "lucide-react";
import { useState } from "react";
import { Initial } from "@/shell/WorkspaceMenu";
import { useSession } from "@/session";
import { Badge } from "@/ui/Badge";
import { RowOf } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Dialog } from "@/ui/Dialog";
import { IconButton } from "@/ui/IconButton";
import { Menu } from "@/ui/Menu";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { RoleSelect } from "./InviteDialog";
import { OnceShown } from "./OnceShown";
import { changeRole, makeResetLink, type Member, removeMember } from "./queries";

/** One member, with what may be done about them. */
export function MemberRow({ member }: { member: Member }) {
  const { user, may } = useSession();
  const [asks, setAsks] = useState<"remove" | "reset" | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const { id, name, email, role, last_sign_in_at, second_factor_at } = member;
  const isSelf = id === user.id;
  const mayChange = may("members:manage") && (role !== "owner" || may("workspace:own"));
  const items = [
    ...(may("workspace:own") && !isSelf
      ? [{ label: "Make a link for a new password…", icon: KeyRound, onSelect: () => setAsks("reset") }]
      : []),
    { label: "Take out of the workspace…", icon: UserMinus, danger: true, onSelect: () => setAsks("remove") },
  ];
  return (
    <RowOf
      icon={<Initial name={name} round />}
      title={
        <>
          <bdi>{name}</bdi>
          {isSelf && <Badge tone="accent">You</Badge>}
          {second_factor_at && <Badge tone="good">Second factor</Badge>}
        </>
      }
      facts={
        <>
          {email}
          {last_sign_in_at && (
            <>
              {" "}
              · signed in <Time at={last_sign_in_at} />
            </>
          )}
        </>
      }
      actions={
        mayChange ? (
          <>
            <RoleSelect
              label={`Role of ${name}`}
              size="sm"
              className="w-30!"
              value={role}
              onChange={(next) => void changeRole(id, next).catch(toast.problem)}
            />
            {!isSelf && (
              <Menu
                align="end"
                trigger={<IconButton label={`More about ${name}`} icon={EllipsisVertical} />}
                items={items}
              />
            )}
            <Questions {...{ member, asks, link, setLink }} onClose={() => setAsks(null)} />
          </>
        ) : (
          <Badge>{role}</Badge>
        )
      }
    />
  );
}

interface QuestionsProps {
  member: Member;
  asks: "remove" | "reset" | null;
  onClose: () => void;
  link: string | null;
  setLink: (link: string | null) => void;
}

function Questions({ member: { id, name }, asks, onClose, link, setLink }: QuestionsProps) {
  return (
    <>
      <ConfirmDialog
        open={asks === "remove"}
        onClose={onClose}
        title={`Take ${name} out of the workspace?`}
        confirm="Take out"
        danger
        onConfirm={() => removeMember(id)}
      >
        <p>They see nothing of it any more, and API keys that they made end. What they made stays.</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asks === "reset"}
        onClose={onClose}
        title={`Make a link for ${name}?`}
        confirm="Make the link"
        onConfirm={async () => setLink((await makeResetLink(id)).link)}
      >
        <p>Whoever has it can set a new password for {name}, once. Hand it to them and to nobody else.</p>
      </ConfirmDialog>
      <Dialog open={link !== null} onClose={() => setLink(null)} title="A link for a new password" size="sm">
        <div className="flex flex-col gap-4">
          <p className="text-sm text-ink-soft">It works once, within an hour, and is shown now and never again.</p>
          {link && <OnceShown label="Link" text={link} />}
          <div className="flex justify-end">
            <Button variant="primary" onClick={() => setLink(null)}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
