import { ErrorNote } from "@/ui/ErrorNote";

/** What keeps a form from being sent, or what came of sending it. */
export function Wrong({ missing, problem }: { missing: string | null; problem: unknown }) {
  return (
    <>
      {missing && (
        <p role="alert" className="text-sm text-bad">
          {missing}
        </p>
      )}
      {problem != null && <ErrorNote problem={problem} />}
    </>
  );
}
