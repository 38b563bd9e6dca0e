/** One run. */
export function RunScreen() {
  return <main>One run.</main>;
}
