import { Lock } from "lucide-react";
import { useSession } from "@/session";
import { SettingsPage } from "@/shell";
import { EmptyState } from "@/ui/EmptyState";
import { ConnectionsBlock } from "./ConnectionsBlock";
import { SecretsBlock } from "./SecretsBlock";
import { ServicesBlock } from "./ServicesBlock";

/** What steps sign their calls with: secrets that somebody has typed, and accounts that somebody has connected. */
export function SecretsScreen() {
  const { may } = useSession();
  return (
    <SettingsPage title="Secrets">
      {may("secrets:read") ? (
        <>
          <SecretsBlock />
          <ConnectionsBlock />
          {may("secrets:write") && <ServicesBlock />}
        </>
      ) : (
        <EmptyState icon={Lock} title="Your role does not see secrets">
          Editors see their names; admins and owners add and change them.
        </EmptyState>
      )}
    </SettingsPage>
  );
}
