/** The first owner. */
export function SetUpScreen() {
  return <main>The first owner.</main>;
}
