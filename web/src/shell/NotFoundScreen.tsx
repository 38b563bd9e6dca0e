import { FileQuestion } from "lucide-react";
import { PageTitle } from "@/navigation";
import { LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";

/** Nothing is here. */
export function NotFoundScreen() {
  return (
    <main className="flex h-full flex-col justify-center pb-[10vh]">
      <PageTitle>Not found</PageTitle>
      <EmptyState
        icon={FileQuestion}
        level="h1"
        title="There is nothing at this address"
        action={
          <>
            <LinkButton href="/" variant="primary">
              To the agents
            </LinkButton>
            <LinkButton href="/runs">To the runs</LinkButton>
          </>
        }
      >
        It may have been deleted, or the link may be mistyped.
      </EmptyState>
    </main>
  );
}
