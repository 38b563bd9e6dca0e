import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { templatesQuery } from "@/agents";
import { api } from "@/client";
import { PageTitle, useParam, usePlace } from "@/navigation";
import { answersToSend } from "./answers";
import { Ask } from "./Ask";
import { readText, type Template } from "./queries";
import { Review } from "./Review";
import { createDrafting } from "./store";
import { draughtsmanOf } from "./stream";
import { useAsked } from "./useAsked";
import { zoneHere } from "./zone";

/** From a sentence to a draft. `?english=` begins with a sentence, `?template=` with one of the templates. */
export function NewAgentScreen() {
  const [drafting] = useState(newDrafting);
  const state = useStore(drafting);
  const { asked, change } = useAsked(useParam("english"));
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [template, setTemplate] = useState<Template | null>(null);
  useEffect(() => () => drafting.cancel(), [drafting]);

  const draft = (answers = asked.answers) => {
    change({ answers });
    setTyped({});
    setTemplate(null);
    void drafting.start({ english: asked.english, model: asked.model, zone: zoneHere(), answers });
  };
  const take = (chosen: Template) => {
    setTemplate(chosen);
    void drafting.take(chosen.markdown);
  };
  useWantedTemplate(take);

  if (state.phase === "idle") {
    return (
      <main className="h-full">
        <PageTitle>New agent</PageTitle>
        <Ask
          english={asked.english}
          model={asked.model}
          onChange={(english, model) => change(english === asked.english ? { model } : { english, model, answers: [] })}
          onDraft={() => draft()}
          onTemplate={take}
        />
      </main>
    );
  }
  return (
    <main className="h-full">
      <PageTitle>New agent</PageTitle>
      <Review
        drafting={state}
        english={template?.title ?? asked.english}
        given={template ? [] : asked.answers}
        typed={typed}
        onType={(question, answer) => setTyped((before) => ({ ...before, [question]: answer }))}
        onForget={(question) => draft(asked.answers.filter((one) => one.question !== question))}
        onAsk={() => draft(answersToSend(asked.answers, typed))}
        onRetry={() => (template ? take(template) : draft())}
        onBack={drafting.cancel}
      />
    </main>
  );
}

function newDrafting() {
  return createDrafting({
    draw: draughtsmanOf(api),
    read: readText,
    isInstant: () => window.matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
}

/** Takes the template that the address names, once. */
function useWantedTemplate(take: (template: Template) => void): void {
  const { isReady } = usePlace();
  const wanted = useParam("template");
  const { data } = useQuery({ ...templatesQuery, enabled: isReady && wanted !== null });
  const taken = useRef<string | null>(null);
  const found = data?.templates.find(({ id }) => id === wanted);
  useEffect(() => {
    if (!found || taken.current === found.id) return;
    taken.current = found.id;
    take(found);
  }, [found, take]);
}
