import { X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { cx } from "@/ui/cx";
import { IconButton } from "@/ui/IconButton";
import { TextInput } from "@/ui/TextInput";
import type { Question, Typed } from "./answers";
import { Section, StepLink } from "./Section";
import type { Answer } from "./stream";

interface QuestionsProps {
  questions: readonly Question[];
  typed: Typed;
  onType: (question: string, answer: string) => void;
  onStep: (step: string) => void;
  /** What to do with the answers. */
  children: ReactNode;
}

/** What the description leaves open so that other answers give another agent. The draft's own answer is chosen. */
export function Questions({ questions, typed, onType, onStep, children }: QuestionsProps) {
  return (
    <Section title={questions.length === 1 ? "One question" : `${questions.length} questions`}>
      {questions.map((question) => (
        <OneQuestion
          key={question.text}
          question={question}
          answer={typed[question.text] ?? ""}
          onType={(answer) => onType(question.text, answer)}
          onStep={onStep}
        />
      ))}
      {children}
    </Section>
  );
}

interface OneQuestionProps {
  question: Question;
  answer: string;
  onType: (answer: string) => void;
  onStep: (step: string) => void;
}

function OneQuestion({ question, answer, onType, onStep }: OneQuestionProps) {
  const id = useId();
  const isOwn = answer.trim() !== "";
  return (
    <fieldset className="flex flex-col gap-2 rounded-md border border-line bg-raised p-3">
      <legend className="sr-only">{question.text}</legend>
      <p id={id} className="text-sm font-medium text-pretty">
        <StepLink step={question.step} onStep={onStep}>
          {question.text}
        </StepLink>
      </p>
      <Choice name={id} isChosen={!isOwn} onChoose={() => onType("")}>
        <span className="min-w-0 wrap-anywhere">{question.default}</span>
      </Choice>
      <Choice
        name={id}
        isChosen={isOwn}
        onChoose={() => document.getElementById(`${id}-own`)?.focus()}
        label="Another answer"
      >
        <TextInput
          id={`${id}-own`}
          size="sm"
          value={answer}
          aria-labelledby={id}
          placeholder="Another answer"
          onChange={(event) => onType(event.target.value)}
        />
      </Choice>
      <p className="text-xs text-ink-faint text-pretty">{question.differs}</p>
    </fieldset>
  );
}

interface ChoiceProps {
  name: string;
  isChosen: boolean;
  onChoose: () => void;
  /** Its name, where its content is a control of its own. */
  label?: string;
  children: ReactNode;
}

function Choice({ name, isChosen, onChoose, label, children }: ChoiceProps) {
  const radio = (
    <input
      type="radio"
      name={name}
      checked={isChosen}
      onChange={onChoose}
      aria-label={label}
      className="size-4 shrink-0 accent-accent"
    />
  );
  const look = cx("flex min-h-8 items-center gap-2.5 text-sm max-sm:min-h-11", !isChosen && "text-ink-soft");
  if (!label) {
    return (
      <label className={look}>
        {radio}
        {children}
      </label>
    );
  }
  return (
    <div className={look}>
      {radio}
      {children}
    </div>
  );
}

/** The answers that the draft follows already; each can be taken back. */
export function Given({ answers, onForget }: { answers: readonly Answer[]; onForget: (question: string) => void }) {
  return (
    <Section title="You answered">
      <ul className="flex flex-col gap-1">
        {answers.map(({ question, answer }) => (
          <li key={question} className="flex items-start gap-2 text-sm">
            <div className="min-w-0 grow">
              <p className="text-ink-soft text-pretty">{question}</p>
              <p className="font-medium wrap-anywhere">{answer}</p>
            </div>
            <IconButton label={`Take back the answer to “${question}”`} icon={X} onClick={() => onForget(question)} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
