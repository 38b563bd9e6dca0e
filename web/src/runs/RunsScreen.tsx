/** The runs of the workspace. */
export function RunsScreen() {
  return <main>The runs of the workspace.</main>;
}
