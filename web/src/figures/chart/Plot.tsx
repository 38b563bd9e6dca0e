import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { readPalette, useThemeName } from "./colours";
import { dataOf, type Drawing, optionsOf } from "./options";

/** The drawing itself, loaded when the first chart is shown. `onRead`: which moment is pointed at; null: none. */
export default function Plot({ drawing, onRead }: { drawing: Drawing; onRead: (index: number | null) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useThemeName();
  useEffect(() => {
    const place = box.current;
    if (!place) return;
    const { clientWidth: width, clientHeight: height } = place;
    const look = { colours: readPalette(), font: getComputedStyle(place).fontFamily, width, height };
    const plot = new uPlot(optionsOf(drawing, look, onRead), dataOf(drawing), place);
    const watch = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: place.clientHeight }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [drawing, onRead, theme]);
  return (
    <div
      ref={box}
      className="h-52 max-w-full overflow-hidden max-sm:h-44 [&_.u-cursor-x]:border-ink-faint! [&_.u-wrap]:touch-pan-y"
    />
  );
}
