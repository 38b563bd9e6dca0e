import { CircleAlert, CircleCheck } from "lucide-react";
import { useEffect } from "react";
import { toast as show, Toaster as Base } from "sonner";
import { type News, takeNews, useNews } from "./toast";

/** Draws the toasts, from the first on. */
export default function ToastLayer() {
  const news = useNews(({ waiting }) => waiting);
  useEffect(() => takeNews().forEach(tell), [news]);
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

function tell({ text, detail, isProblem, action }: News): void {
  const own = action && { label: action.label, onClick: action.run };
  if (isProblem) show.error(text, { id: text, description: detail, duration: 8000, action: own });
  else show.success(text, { action: own });
}
