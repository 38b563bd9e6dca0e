import { Select } from "@/ui/Select";
import { Days, sinceYesterday } from "./Days";
import type { Recent, TimeFilter } from "./times";

type TimeChoice = "all" | Recent | "days";

const TIMES: { value: TimeChoice; label: string }[] = [
  { value: "all", label: "Any time" },
  { value: "1h", label: "Last hour" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
  { value: "30d", label: "Last 30 days" },
  { value: "90d", label: "Last 90 days" },
  { value: "days", label: "Between days" },
];

/** Of which time a list shows things. */
export function TimeSelect({ time, onChange }: { time: TimeFilter; onChange: (time: TimeFilter) => void }) {
  return (
    <>
      <Select
        label="Time"
        size="sm"
        options={TIMES}
        value={typeof time === "object" ? "days" : time}
        onChange={(next) => onChange(next === "days" ? sinceYesterday() : next)}
        className="w-auto!"
      />
      {typeof time === "object" && <Days days={time} onChange={onChange} />}
    </>
  );
}
