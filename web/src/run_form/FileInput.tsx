import { FileUp, X } from "lucide-react";
import { useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { useFieldProps } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import type { PickedFile } from "./inputs";

/** What fits into a run's inputs. */
const LARGEST = 512 * 1024;

/** A file from the person's disk, read in the browser: as text where it is text, else as Base64. */
export function FileInput({
  picked,
  onPick,
}: {
  picked: PickedFile | null;
  onPick: (file: PickedFile | null) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const field = useFieldProps();
  const take = async (file: File | undefined) => {
    if (!file) return;
    const is_large = file.size > LARGEST;
    setRefused(is_large ? `${file.name} is larger than 512 KB. Give its address as a url instead.` : null);
    if (!is_large) onPick(await readFile(file));
  };
  return (
    <div className="flex flex-col gap-1.5">
      <input
        {...field}
        ref={input}
        type="file"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => void take(event.target.files?.[0])}
      />
      <div className="flex items-center gap-2">
        <Button icon={FileUp} onClick={() => input.current?.click()}>
          {picked ? "Choose another" : "Choose a file"}
        </Button>
        {picked && <span className="min-w-0 truncate text-sm">{picked.name}</span>}
        {picked && <IconButton label="Take the file out" icon={X} onClick={() => onPick(null)} />}
      </div>
      {refused && (
        <p role="alert" className="text-xs text-bad">
          {refused}
        </p>
      )}
    </div>
  );
}

/** The file as a run is given it. */
async function readFile(file: File): Promise<PickedFile> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const about = { name: file.name, ...(file.type ? { media_type: file.type } : {}) };
  try {
    return { ...about, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return { ...about, base64: btoa(binary) };
  }
}
