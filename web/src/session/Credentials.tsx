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

export function PasswordField({ value, onChange, isNew, autoFocus }: TextFieldProps & { isNew?: boolean }) {
  const [isShown, setShown] = useState(false);
  const input = useFocusOnMount<HTMLInputElement>(autoFocus ?? false);
  return (
    <Field
      label="Password"
      hint={
        isNew &&
        `At least ${SHORTEST_PASSWORD} characters. A few words that belong together only for you are a good one.`
      }
    >
      <TextInput
        type={isShown ? "text" : "password"}
        name="password"
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

interface TextFieldProps {
  value: string;
  onChange: (value: string) => void;
  readOnly?: boolean;
  autoFocus?: boolean;
}
