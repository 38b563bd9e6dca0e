/** The agents of the workspace. */
export function AgentsScreen() {
  return <main>The agents of the workspace.</main>;
}
