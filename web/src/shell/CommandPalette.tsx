import { lazy, Suspense, useEffect, useState } from "react";
import { closePalette, openPalette, usePalette } from "./commands";

const PaletteDialog = lazy(() => import("./PaletteDialog"));

/** Opens the palette with ⌘K or Ctrl-K, from everywhere. Its code is loaded when it is first opened. */
export function CommandPalette() {
  const isOpen = usePalette((state) => state.isOpen);
  const [wasOpened, setOpened] = useState(false);
  if (isOpen && !wasOpened) setOpened(true);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isShortcut = event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey);
      if (!isShortcut || event.shiftKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      (usePalette.getState().isOpen ? closePalette : openPalette)();
    };
    window.addEventListener("keydown", listen, true);
    return () => window.removeEventListener("keydown", listen, true);
  }, []);
  if (!wasOpened) return null;
  return (
    <Suspense>
      <PaletteDialog />
    </Suspense>
  );
}
