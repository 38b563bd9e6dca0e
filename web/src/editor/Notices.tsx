import { type OpenDocument, useDocument } from "@/document";
import { Banner } from "@/ui/Banner";
import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";

/** What a person should hear about their text: edits that came back, a limit, a save that was refused. */
export function Notices({ document }: { document: OpenDocument }) {
  const notice = useDocument(document, (state) => state.notice);
  const problem = useDocument(document, (state) => state.problem);
  const retry = () => void document.save().catch(toast.problem);
  return (
    <>
      {problem && (
        <Banner
          bar
          tone="bad"
          title={problem.message}
          action={
            <Button size="sm" onClick={retry}>
              Save again
            </Button>
          }
        >
          {problem.next_step}
        </Banner>
      )}
      {notice === "restored" && (
        <Banner
          bar
          tone="live"
          title="Edits that were kept in this browser are back."
          onDismiss={() => document.dismissNotice()}
        />
      )}
      {notice === "too-long" && (
        <Banner
          bar
          tone="warn"
          title="That edit was left out: a document has at most 1,048,576 characters."
          onDismiss={() => document.dismissNotice()}
        >
          Split the agent into several.
        </Banner>
      )}
    </>
  );
}
