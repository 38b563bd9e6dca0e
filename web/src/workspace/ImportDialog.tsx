import { FileArchive, FolderOpen } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { SkeletonLines } from "@/ui/Skeleton";
import { toast } from "@/ui/toast";
import { type Chosen, importFiles, type Plan, readChosen } from "./files";
import { ImportPlan } from "./ImportPlan";

/** Puts files into the workspace: first says what would change, then does it, all of it or nothing. */
export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [busy, setBusy] = useState<"plan" | "apply" | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const work = async (what: "plan" | "apply", act: () => Promise<void>) => {
    setBusy(what);
    setProblem(null);
    try {
      await act();
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(null);
    }
  };
  const look = (files: readonly File[]) =>
    work("plan", async () => {
      setPlan(null);
      const read = await readChosen(files);
      setChosen(read);
      if (Object.keys(read.files).length === 0) throw new Error("None of these files belongs to a workspace.");
      setPlan(await importFiles(read.files, false));
    });
  const apply = () =>
    work("apply", async () => {
      if (!chosen) return;
      await importFiles(chosen.files, true);
      toast.good("The files are imported.");
      onClose();
    });
  return (
    <Dialog
      open
      onClose={onClose}
      size="lg"
      title="Import files"
      description="What would change is shown first. Nothing is taken away: agents that the files leave out stay as they are."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={busy === "apply"} disabled={!plan} onClick={() => void apply()}>
            Import
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4 pb-2">
        <Choice onChoose={(files) => void look(files)} />
        {busy === "plan" && <SkeletonLines lines={3} label="Looking what would change" />}
        {problem !== null && <ErrorNote problem={problem} />}
        {plan && chosen && <ImportPlan plan={plan} leftOut={chosen.left_out} />}
      </div>
    </Dialog>
  );
}

/** An archive, or a folder such as a checkout. */
function Choice({ onChoose }: { onChoose: (files: readonly File[]) => void }) {
  const archive = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const input = (label: string, more: object) => (
    <input
      type="file"
      aria-label={label}
      tabIndex={-1}
      className="sr-only"
      onChange={(event) => {
        onChoose([...(event.target.files ?? [])]);
        event.target.value = "";
      }}
      {...more}
    />
  );
  return (
    <div className="flex flex-wrap gap-2">
      {input("An archive", { ref: archive, accept: ".zip" })}
      {input("A folder", { ref: folder, webkitdirectory: "" })}
      <Button icon={FileArchive} onClick={() => archive.current?.click()}>
        Choose a ZIP archive
      </Button>
      <Button icon={FolderOpen} onClick={() => folder.current?.click()}>
        Choose a folder
      </Button>
    </div>
  );
}
