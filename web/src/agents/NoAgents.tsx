import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import type { Schemas } from "@/client";
import { Link } from "@/navigation";
import { useSession } from "@/session";
import { LogoMark } from "@/shell/Logo";
import { LinkButton } from "@/ui/Button";
import { KindIcon } from "@/ui/KindIcon";
import { Skeleton } from "@/ui/Skeleton";
import { templatesQuery } from "./queries";

/** The workspace has no agent yet: say what one should do, or begin with a template. */
export function NoAgents() {
  const { may } = useSession();
  return (
    <section className="mx-auto flex w-full max-w-220 flex-col items-center gap-3 py-8 text-center sm:py-14">
      <LogoMark className="mb-2 size-12" />
      <h2 className="text-2xl font-semibold tracking-tight text-balance">
        {may("agents:write") ? "What should your first agent do?" : "No agents yet"}
      </h2>
      {may("agents:write") ? (
        <>
          <p className="max-w-120 text-ink-soft text-pretty">
            Say it in plain English. You get a document to read and a flow to look at, and nothing runs before you have
            seen it.
          </p>
          <LinkButton href="/agents/new" variant="primary" icon={Plus} className="mt-2">
            New agent
          </LinkButton>
          <Templates />
        </>
      ) : (
        <p className="max-w-120 text-ink-soft text-pretty">
          You may look at agents here, but not make any. Ask an owner of the workspace.
        </p>
      )}
    </section>
  );
}

function Templates() {
  const { data, isError } = useQuery(templatesQuery);
  if (isError || data?.templates.length === 0) return null;
  return (
    <>
      <h3 className="mt-8 text-sm text-ink-faint">Or begin with a sentence like one of these</h3>
      <ul className="grid w-full gap-3 text-left sm:grid-cols-3">
        {(data?.templates.slice(0, 3) ?? [null, null, null]).map((template, i) => (
          <li key={i}>{template ? <Card template={template} /> : <Skeleton className="h-38" />}</li>
        ))}
      </ul>
    </>
  );
}

function Card({ template: { title, english, about, kinds } }: { template: Schemas["Template"] }) {
  return (
    <Link
      href={`/agents/new?english=${encodeURIComponent(english)}`}
      className="flex h-full flex-col gap-1.5 rounded-lg border border-line bg-paper p-4 transition-colors duration-(--duration-quick) hover:border-line-strong hover:bg-raised"
    >
      <span className="font-medium">{title}</span>
      <span className="line-clamp-3 grow text-sm text-ink-soft">{english || about}</span>
      <span className="mt-1 flex gap-1.5">
        {kinds.slice(0, 6).map((kind) => (
          <KindIcon key={kind} kind={kind} />
        ))}
      </span>
    </Link>
  );
}
