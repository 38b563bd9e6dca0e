import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { TextInput } from "@/ui/TextInput";
import { useFocusOnMount } from "@/ui/useFocusOnMount";

/** The shortest password that the API takes. */
export const SHORTEST_PASSWORD = 10;

export function EmailField({ value, onChange, readOnly, autoFocus }: TextFieldProps) {
  const input = useFocusOnMount<HTMLInputElement>(autoFocus ?? false);
  return (
    <Field label="E-mail">
      <TextInput
        type="email"
        name="email"
        autoComplete="username"
        required
        readOnly={readOnly}
        ref={input}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}

export function PasswordField({
  label = "Password",
  value,
  onChange,
  isNew,
  autoFocus,
}: TextFieldProps & { label?: string; isNew?: boolean }) {
  const [isShown, setShown] = useState(false);
  const input = useFocusOnMount<HTMLInputElement>(autoFocus ?? false);
  return (
    <Field
      label={label}
      hint={
        isNew &&
        `At least ${SHORTEST_PASSWORD} characters. A few words that belong together only for you are a good one.`
      }
    >
      <TextInput
        type={isShown ? "text" : "password"}
        name={isNew ? "new-password" : "password"}
        autoComplete={isNew ? "new-password" : "current-password"}
        required
        minLength={isNew ? SHORTEST_PASSWORD : undefined}
        ref={input}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        end={
          <IconButton
            label={isShown ? "Hide password" : "Show password"}
            icon={isShown ? EyeOff : Eye}
            onClick={() => setShown(!isShown)}
            className="h-7 min-h-7! w-7! max-sm:h-10 max-sm:w-10!"
          />
        }
      />
    </Field>
  );
}

/** A code of the second factor. `isRecovery`: one of those that were written down, in place of the authenticator's. */
export function CodeField({ value, onChange, isRecovery, hint }: TextFieldProps & CodeFieldProps) {
  const input = useFocusOnMount<HTMLInputElement>();
  return (
    <Field label={isRecovery ? "Recovery code" : "Code"} hint={hint}>
      <TextInput
        mono
        name="code"
        autoComplete="one-time-code"
        autoCapitalize="none"
        spellCheck={false}
        inputMode={isRecovery ? "text" : "numeric"}
        maxLength={50}
        required
        ref={input}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}

interface CodeFieldProps {
  isRecovery?: boolean;
  hint?: string;
}

interface TextFieldProps {
  value: string;
  onChange: (value: string) => void;
  readOnly?: boolean;
  autoFocus?: boolean;
}
