/** Signing in. */
export function SignInScreen() {
  return <main>Signing in.</main>;
}
