/** Nothing is here. */
export function NotFoundScreen() {
  return <main>Nothing is here.</main>;
}
