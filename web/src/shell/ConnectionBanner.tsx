import { askServer, useConnection } from "@/session";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";

/** Says that the server is gone, for as long as it is. */
export function ConnectionBanner() {
  const { isDown, isAsking } = useConnection();
  if (!isDown) return null;
  return (
    <Banner
      bar
      tone="warn"
      title="Plainwork cannot be reached. Trying again…"
      action={
        <Button size="sm" busy={isAsking} onClick={() => void askServer()}>
          Try now
        </Button>
      }
    />
  );
}
