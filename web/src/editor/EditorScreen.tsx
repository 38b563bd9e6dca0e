/** One agent as text and as a canvas. */
export function EditorScreen() {
  return <main>One agent as text and as a canvas.</main>;
}
