import { CalendarPlus } from "lucide-react";
import { useState } from "react";
import { useSession } from "@/session";
import { Button } from "@/ui/Button";
import { capital } from "@/ui/capital";
import { useNow } from "@/ui/Time";
import { formatExact, formatSoon, zoneWord } from "@/ui/time";
import { toast } from "@/ui/toast";
import { BackfillDialog } from "./BackfillDialog";
import { Card, Part } from "./Card";
import { callOff, pauseSchedule, type Schedule } from "./queries";
import { Ticks } from "./Ticks";
import { PauseButton } from "./TriggerCard";

/** One schedule: its next times, what waits, and what became of its last ones. */
export function ScheduleCard({ agentId, schedule }: { agentId: string; schedule: Schedule }) {
  const { may } = useSession();
  const [isFilling, setFilling] = useState(false);
  const { trigger_id, phrase, cron, timezone, paused, paused_at, next, waiting } = schedule;
  const title = phrase ?? cron;
  return (
    <Card
      kind="schedule"
      title={capital(title)}
      isOn={!paused}
      isPaused={paused_at !== null}
      facts={phrase ? <code className="font-mono text-xs">{`${cron} ${timezone}`}</code> : timezone}
      actions={
        <>
          {may("runs:write") && (
            <Button size="sm" icon={CalendarPlus} onClick={() => setFilling(true)}>
              Fill in
            </Button>
          )}
          {may("agents:write") && (
            <PauseButton
              isPaused={paused_at !== null}
              about={title}
              onPause={(wanted) => pauseSchedule(agentId, trigger_id, wanted)}
            />
          )}
        </>
      }
    >
      {waiting > 0 && <Waiting agentId={agentId} triggerId={trigger_id} count={waiting} />}
      <Part title={next.length > 0 ? `Next, in your time (${zoneWord()})` : "Next"}>
        <Next times={next} isPaused={paused} />
      </Part>
      <Ticks agentId={agentId} triggerId={trigger_id} />
      <BackfillDialog open={isFilling} onClose={() => setFilling(false)} agentId={agentId} triggerId={trigger_id} />
    </Card>
  );
}

function Next({ times, isPaused }: { times: readonly string[]; isPaused: boolean }) {
  const now = useNow();
  if (times.length === 0) {
    return (
      <p className="text-sm text-ink-soft">
        {isPaused ? "Nothing while it is paused." : "Nothing is planned: it names no time to come."}
      </p>
    );
  }
  if (!now) return null;
  return (
    <ol aria-label="Next times" className="flex flex-wrap gap-1.5 text-sm tabular-nums">
      {times.map((at) => (
        <li key={at} title={formatExact(at)} className="rounded-sm bg-sunken px-2 py-0.5">
          <time dateTime={at}>{formatSoon(at, now)}</time>
        </li>
      ))}
    </ol>
  );
}

function Waiting({ agentId, triggerId, count }: { agentId: string; triggerId: string; count: number }) {
  const { may } = useSession();
  const stop = async () => {
    try {
      const gone = await callOff(agentId, triggerId);
      toast.good(gone === 1 ? "One time is called off." : `${gone} times are called off.`);
    } catch (why) {
      toast.problem(why);
    }
  };
  return (
    <p className="flex flex-wrap items-center justify-between gap-2 rounded-md bg-warn-soft px-3 py-1.5 text-sm">
      {count === 1 ? "One time waits to start." : `${count} times wait to start, one after the other.`}
      {may("runs:write") && (
        <Button size="sm" onClick={() => void stop()}>
          Call off
        </Button>
      )}
    </p>
  );
}
