import { CircleAlert, CircleCheck } from "lucide-react";
import { toast as show, Toaster as Base } from "sonner";
import { asProblem } from "@/client/problem";

interface ToastAction {
  label: string;
  run: () => void;
}

/** Short news that go away by themselves. What has to be dealt with belongs into a Banner or an ErrorNote. */
export const toast = {
  /** It worked, or it is so: "Agent deleted." */
  good(text: string, action?: ToastAction) {
    show.success(text, { action: action && { label: action.label, onClick: action.run } });
  },
  /** It did not work. Takes whatever was caught. */
  problem(why: unknown, action?: ToastAction) {
    const { message, next_step } = asProblem(why);
    show.error(message, {
      id: message,
      description: next_step,
      duration: 8000,
      action: action && { label: action.label, onClick: action.run },
    });
  },
};

/** Where toasts appear. Stands once in the app. */
export function Toaster() {
  return (
    <Base
      position="bottom-right"
      mobileOffset={{ bottom: "4.5rem" }}
      icons={{
        success: <CircleCheck aria-hidden className="size-4 text-good" />,
        error: <CircleAlert aria-hidden className="size-4 text-bad" />,
      }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast: "popup font-sans! flex w-(--width) items-start gap-2.5 p-3 text-sm max-sm:w-full",
          icon: "mt-0.5 shrink-0",
          content: "min-w-0 grow",
          title: "font-medium",
          description: "text-ink-soft",
          actionButton: "-my-1 shrink-0 rounded-sm px-2 py-1 font-medium text-accent hover:bg-hover",
        },
      }}
    />
  );
}
