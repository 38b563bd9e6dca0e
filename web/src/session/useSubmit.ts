import { type FormEvent, useState } from "react";

/** A form that calls the server: busy while it does, with what went wrong after it. */
export function useSubmit(send: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const onSubmit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      await send();
    } catch (why) {
      setProblem(why);
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, onSubmit: (event: FormEvent) => void onSubmit(event) };
}
