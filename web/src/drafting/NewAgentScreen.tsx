/** From a sentence to a draft. */
export function NewAgentScreen() {
  return <main>From a sentence to a draft.</main>;
}
