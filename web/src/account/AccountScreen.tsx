import { SettingsPage } from "@/shell";
import { useSession } from "@/session";
import { Block, RowOf, Rows } from "@/ui/Block";
import { Password } from "./Password";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";
import { Workspaces } from "./Workspaces";

/** The person's own account: how they sign in, where they are signed in, and which workspaces they belong to. */
export function AccountScreen() {
  const { user } = useSession();
  return (
    <SettingsPage title="Your account">
      <Block title="You">
        <Rows label="You">
          <RowOf title={<bdi>{user.name}</bdi>} facts={user.email} />
        </Rows>
      </Block>
      <SecondFactor />
      <Password />
      <Sessions />
      <Workspaces />
    </SettingsPage>
  );
}
