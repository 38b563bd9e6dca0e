import { lazy, Suspense, useState } from "react";
import { create } from "zustand";
import { asProblem } from "@/client/problem";

interface ToastAction {
  label: string;
  run: () => void;
}

export interface News {
  text: string;
  detail?: string | null;
  isProblem?: boolean;
  action?: ToastAction;
}

/** What has not been shown yet. */
export const useNews = create<{ waiting: News[] }>(() => ({ waiting: [] }));

const tell = (news: News) => useNews.setState(({ waiting }) => ({ waiting: [...waiting, news] }));

/** Takes what waits, so that nobody shows it again. */
export function takeNews(): News[] {
  const { waiting } = useNews.getState();
  if (waiting.length > 0) useNews.setState({ waiting: [] });
  return waiting;
}

/** Short news that go away by themselves. What has to be dealt with belongs into a Banner or an ErrorNote. */
export const toast = {
  /** It worked, or it is so: "Agent deleted." */
  good(text: string, action?: ToastAction) {
    tell({ text, action });
  },
  /** It did not work. Takes whatever was caught. */
  problem(why: unknown, action?: ToastAction) {
    const { message, next_step } = asProblem(why);
    tell({ text: message, detail: next_step, isProblem: true, action });
  },
};

const ToastLayer = lazy(() => import("./ToastLayer"));

/** Where toasts appear. Stands once in the app; what draws them is loaded with the first. */
export function Toaster() {
  const hasNews = useNews(({ waiting }) => waiting.length > 0);
  const [wasUsed, setUsed] = useState(false);
  if (hasNews && !wasUsed) setUsed(true);
  if (!wasUsed) return null;
  return (
    <Suspense>
      <ToastLayer />
    </Suspense>
  );
}
