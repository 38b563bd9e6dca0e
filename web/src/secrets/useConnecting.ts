import { useEffect, useEffectEvent, useState } from "react";
import { queryClient } from "@/client/queries";
import { type Connection, connectAccount, connectionsQuery, type NewConnection, refreshAccounts } from "./queries";

/** On which the page that providers send people back to says that it was shown. */
const CHANNEL = "plainwork-connections";
const LOOK_EVERY_MS = 3_000;
const WINDOW = "popup,width=640,height=800";

/** Somebody is on the provider's page. */
interface Away {
  name: string;
  url: string;
  /** The browser has opened no window: the person has to. */
  isBlocked: boolean;
  /** They have come back without it. */
  isOver: boolean;
  /** When the account was connected that is there already. */
  before: string | null;
}

/** Leads somebody to the provider's page, and notices what comes of it. */
export function useConnecting(onConnected: (made: Connection) => void) {
  const [away, setAway] = useState<Away | null>(null);
  const tell = useEffectEvent(onConnected);

  const look = useEffectEvent(async (isOver: boolean) => {
    if (!away) return;
    const made = await connected(away.name);
    if (made && made.connected_at !== away.before) {
      setAway(null);
      await refreshAccounts();
      tell(made);
    } else if (isOver) {
      setAway({ ...away, isOver });
    }
  });

  const isAway = away !== null;
  useEffect(() => {
    if (!isAway) return;
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = () => void look(true).catch(() => undefined);
    const timer = setInterval(() => void look(false).catch(() => undefined), LOOK_EVERY_MS);
    return () => {
      channel.close();
      clearInterval(timer);
    };
  }, [isAway]);

  /** Has to be called in the very click: browsers open no window later than that. Throws Problem. */
  const begin = async (isPersons: boolean, wanted: () => Promise<NewConnection>) => {
    const page = isPersons ? window.open("", "_blank", WINDOW) : null;
    try {
      const wish = await wanted();
      const before = (await connected(wish.name))?.connected_at ?? null;
      const { authorize_url: url, connection } = await connectAccount(wish);
      if (url) {
        setAway({ name: wish.name, url, isBlocked: !page, isOver: false, before });
        if (page) page.opener = null;
        page?.location.replace(url);
      } else if (connection) {
        await refreshAccounts();
        onConnected(connection);
      }
    } catch (why) {
      page?.close();
      throw why;
    }
  };
  return { away, begin, again: () => setAway(null) };
}

/** The account of this name as it stands now, where it is connected. */
async function connected(name: string): Promise<Connection | undefined> {
  const all = await queryClient.fetchQuery({ ...connectionsQuery, staleTime: 0 });
  return all.find((one) => one.name === name && one.status === "connected");
}
