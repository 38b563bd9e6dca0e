import { ExternalLink } from "lucide-react";
import { useSubmit } from "@/session";
import { Banner } from "@/ui/Banner";
import { Button, buttonLook } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Spinner } from "@/ui/Spinner";
import { AppFields, useApp } from "./AppFields";
import { ConnectFields, useWanted } from "./ConnectFields";
import type { Connection, Service } from "./queries";
import { useConnecting } from "./useConnecting";

interface ConnectDialogProps {
  service: Service;
  /** The one that is connected anew; null: a new one. */
  connection: Connection | null;
  /** The name a new one is offered under. */
  wish: string;
  onClose: () => void;
  onConnected: (made: Connection) => void;
}

/** Connects an account: with which app, under which name; then the person agrees on the provider's own page. */
export function ConnectDialog(props: ConnectDialogProps) {
  const { service, connection, onClose, onConnected } = props;
  const connecting = useConnecting(onConnected);
  const { away, again } = connecting;
  return (
    <Dialog
      open
      onClose={onClose}
      title={connection ? `Connect ${connection.name} anew` : `Connect ${service.title}`}
      description={
        isPersons(service)
          ? `You agree on a page of ${service.title}, in a window that opens. No token is copied.`
          : null
      }
    >
      {away && <OnTheirPage title={service.title} away={away} onAgain={again} onClose={onClose} />}
      <div hidden={away !== null}>
        <Form {...props} begin={connecting.begin} />
      </div>
    </Dialog>
  );
}

/** Whether somebody has to agree; other apps speak for themselves. */
const isPersons = ({ grant }: Service) => grant === "authorization_code";

interface FormProps extends ConnectDialogProps {
  begin: ReturnType<typeof useConnecting>["begin"];
}

function Form({ service, connection, wish, onClose, begin }: FormProps) {
  const app = useApp(service, connection);
  const wanted = useWanted(service, connection, wish);
  const { busy, problem, onSubmit } = useSubmit(() =>
    begin(isPersons(service), async () => ({ ...wanted.given(), app: await app.stored() })),
  );
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4 pb-2" autoComplete="off">
      {connection?.trouble && (
        <Banner tone="warn" title="It does not work any more.">
          {connection.trouble}
        </Banner>
      )}
      {!connection && <ConnectFields wanted={wanted} />}
      {(!connection || app.isGone) && <AppFields app={app} service={service} />}
      {problem !== null && <ErrorNote problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2 max-sm:*:grow">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" busy={busy} icon={isPersons(service) ? ExternalLink : undefined}>
          {isPersons(service) ? `Go on to ${service.title}` : "Connect"}
        </Button>
      </div>
    </form>
  );
}

interface OnTheirPageProps {
  title: string;
  away: NonNullable<ReturnType<typeof useConnecting>["away"]>;
  onAgain: () => void;
  onClose: () => void;
}

/** What there is to do meanwhile. */
function OnTheirPage({ title, away: { url, isBlocked, isOver }, onAgain, onClose }: OnTheirPageProps) {
  if (isOver) {
    return (
      <Banner
        tone="warn"
        title="It was not connected."
        action={
          <Button size="sm" onClick={onAgain}>
            Try again
          </Button>
        }
      >
        The page that has opened says why.
      </Banner>
    );
  }
  return (
    <div role="status" className="flex flex-col gap-4 pb-2">
      <p className="flex items-center gap-2.5 text-sm">
        <Spinner />
        {isBlocked ? `Your browser has opened no window. Open ${title} yourself:` : `Agree in the window of ${title}.`}
      </p>
      <p className="text-xs text-ink-faint">There are ten minutes for it. This closes by itself.</p>
      <div className="flex flex-wrap justify-end gap-2 max-sm:*:grow">
        <Button onClick={onClose}>Cancel</Button>
        <a href={url} target="_blank" rel="noreferrer" className={buttonLook(isBlocked ? "primary" : "secondary")}>
          <ExternalLink aria-hidden className="size-4" />
          {isBlocked ? `Open ${title}` : "Open it again"}
        </a>
      </div>
    </div>
  );
}
