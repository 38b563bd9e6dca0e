/** Offers a text as a file for the person's disk. */
export function downloadText(name: string, text: string, type = "text/plain"): void {
  download(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

/** The same for what is no text. */
export function downloadBytes(name: string, bytes: Uint8Array<ArrayBuffer>, type: string): void {
  download(name, new Blob([bytes], { type }));
}

function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
