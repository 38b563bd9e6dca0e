/** Copying. Browsers give the clipboard only to pages served by https or from this machine; elsewhere the old way is left. */

/** Puts `text` on the clipboard. Throws when the browser refuses. */
export async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("The browser did not let Plainwork copy. Select the text and copy it yourself.");
}
