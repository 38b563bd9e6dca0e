import { SearchX } from "lucide-react";
import { Problem } from "@/client/problem";
import { LinkButton } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorNote } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { PageTitle } from "@/navigation";

/** Where a run will stand. `problem`: loading it does not work at present and is tried again. */
export function RunSkeleton({ problem }: { problem: unknown }) {
  return (
    <main className="flex h-full flex-col bg-paper" aria-busy>
      <PageTitle>Run</PageTitle>
      <p className="sr-only">Loading the run</p>
      <div className="flex min-h-(--bar-height) items-center gap-3 border-b border-line px-4">
        <Skeleton className="h-5 w-48" />
        <Skeleton className="h-5 w-20" />
      </div>
      {problem !== null && <ErrorNote problem={problem} className="m-4" />}
      <div className="grid grow gap-3 p-4 lg:grid-cols-[1fr_26rem]">
        <div className="flex flex-col gap-3">
          <Skeleton className="h-64 w-full" />
          {[90, 70, 80, 50].map((width) => (
            <Skeleton key={width} className="h-6 max-w-full" />
          ))}
        </div>
        <Skeleton className="h-64 max-lg:hidden" />
      </div>
    </main>
  );
}

/** There is no such run, or it may not be seen. */
export function RunMissing({ problem }: { problem: unknown }) {
  const allRuns = <LinkButton href="/runs">All runs</LinkButton>;
  const isMissing = problem instanceof Problem && (problem.status === 404 || problem.status === 422);
  return (
    <main className="mx-auto max-w-160 p-6">
      <PageTitle>Run</PageTitle>
      {isMissing ? (
        <EmptyState icon={SearchX} title="There is no such run" action={allRuns}>
          Its address may be incomplete, it may belong to another workspace, or its time of keeping is over.
        </EmptyState>
      ) : (
        <ErrorNote problem={problem} action={allRuns} />
      )}
    </main>
  );
}
