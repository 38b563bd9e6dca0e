import { Skeleton } from "@/ui/Skeleton";

const WIDTHS = ["w-1/3", "w-5/6", "w-2/3", "w-1/2", "w-3/4", "w-3/5"];

/** The place of a text that has not arrived. */
export function TextSkeleton() {
  return (
    <div role="status" className="flex h-full flex-col gap-3 bg-paper p-6">
      <span className="sr-only">Loading the text</span>
      {WIDTHS.map((width) => (
        <Skeleton key={width} className={`h-4 ${width}`} />
      ))}
    </div>
  );
}
