import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Badge } from "@/ui/Badge";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { KindIcon } from "@/ui/KindIcon";
import { toast } from "@/ui/toast";
import { ConnectDialog } from "./ConnectDialog";
import { secretsQuery, type Service, servicesQuery } from "./queries";
import { RedirectAddress } from "./RedirectAddress";
import { freeName, offeredName } from "./words";

/** The services whose accounts can be connected, and what an app for them is registered with. */
export function ServicesBlock() {
  const { data, error, refetch, isFetching } = useQuery(servicesQuery);
  const { data: secrets = [] } = useQuery(secretsQuery);
  const [service, setService] = useState<Service | null>(null);
  const taken = new Set(secrets.map(({ name }) => name));
  return (
    <Block
      title="Services"
      lead="Each wants to know Plainwork as an app. Register one with the provider for this address; the first time you connect an account you are asked for its id and secret."
    >
      {error && <ErrorNote problem={error} busy={isFetching} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-40" />}
      {data?.[0] && <RedirectAddress address={data[0].redirect_uri} />}
      {data && (
        <Rows label="Services">
          {data.map((one) => (
            <RowOf
              key={one.connector}
              icon={<KindIcon kind={one.connector} />}
              title={
                <>
                  {one.title}
                  {one.has_app && <Badge tone="good">App is there</Badge>}
                </>
              }
              facts={one.has_app ? "The operator has registered an app: nothing else is needed." : one.about}
              actions={
                <Button size="sm" aria-label={`Connect ${one.title}`} onClick={() => setService(one)}>
                  Connect…
                </Button>
              }
            />
          ))}
        </Rows>
      )}
      {service && (
        <ConnectDialog
          service={service}
          connection={null}
          wish={freeName(offeredName(service.connector), taken)}
          onClose={() => setService(null)}
          onConnected={({ name }) => {
            toast.good(`${name} is connected. Steps can name it as their account.`);
            setService(null);
          }}
        />
      )}
    </Block>
  );
}
