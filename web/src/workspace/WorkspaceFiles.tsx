import { Download, Upload } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useSession } from "@/session";
import { Block } from "@/ui/Block";
import { Button } from "@/ui/Button";
import { downloadBytes } from "@/ui/download";
import { toast } from "@/ui/toast";
import { exportFiles } from "./files";
import { zip } from "./zip";

const ImportDialog = lazy(() => import("./ImportDialog"));

/** The workspace as files: to keep, to put under version control, to take to another one. */
export function WorkspaceFiles({ slug }: { slug: string }) {
  const { may } = useSession();
  const [busy, setBusy] = useState(false);
  const [imports, setImports] = useState(false);
  if (!may("workspace:manage")) return null;
  const download = async () => {
    setBusy(true);
    try {
      downloadBytes(`${slug}.zip`, zip(await exportFiles()), "application/zip");
    } catch (why) {
      toast.problem(why);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Block
      title="The workspace as files"
      lead="A document for each agent, what is paused, the variables, and the names of secrets: never a value. The same workspace always gives the same files."
    >
      <div className="flex flex-wrap gap-2">
        <Button icon={Download} busy={busy} onClick={() => void download()}>
          Export
        </Button>
        <Button icon={Upload} onClick={() => setImports(true)}>
          Import
        </Button>
      </div>
      {imports && (
        <Suspense>
          <ImportDialog onClose={() => setImports(false)} />
        </Suspense>
      )}
    </Block>
  );
}
