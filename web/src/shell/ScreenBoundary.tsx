import { Component, type ReactNode } from "react";
import { usePlace } from "@/navigation";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";

/** Keeps a bug in one screen from taking the whole page with it. Another place has another chance. */
export function ScreenBoundary({ children }: { children: ReactNode }) {
  const { path } = usePlace();
  return <Boundary path={path}>{children}</Boundary>;
}

interface Props {
  path: string;
  children: ReactNode;
}

interface State {
  bug: Error | null;
  path: string;
}

class Boundary extends Component<Props, State> {
  override state: State = { bug: null, path: this.props.path };

  static getDerivedStateFromError(bug: Error): Partial<State> {
    return { bug };
  }

  static getDerivedStateFromProps({ path }: Props, state: State): Partial<State> | null {
    return path === state.path ? null : { bug: null, path };
  }

  override render() {
    const { bug } = this.state;
    if (!bug) return this.props.children;
    return (
      <main className="mx-auto flex max-w-160 flex-col gap-4 p-6 pt-[15vh]">
        <h1 className="text-xl font-semibold">This screen has failed</h1>
        <p className="text-ink-soft">
          That is a bug of Plainwork&rsquo;s page, not of your agent. What the server keeps is not touched by it.
        </p>
        <ErrorNote problem={bug} />
        <div className="flex gap-2">
          <Button variant="primary" onClick={() => window.location.reload()}>
            Reload the page
          </Button>
        </div>
      </main>
    );
  }
}
