import { CopyButton } from "@/ui/CopyButton";

/** The address that an app is registered for. */
export function RedirectAddress({ address }: { address: string }) {
  return (
    <p className="flex items-center gap-1 rounded-md bg-sunken py-0.5 pl-3 pr-1">
      <code className="min-w-0 grow font-mono text-xs wrap-anywhere">{address}</code>
      <CopyButton text={address} label="Copy the redirect address" />
    </p>
  );
}
