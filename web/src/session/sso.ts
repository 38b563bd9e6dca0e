/** What single sign-on ended in, in words. Pure. */

interface Said {
  title: string;
  next_step: string;
}

const REFUSALS = new Map<string, Said>(
  Object.entries({
    refused: {
      title: "The provider did not vouch for you.",
      next_step: "Try again. If it stays so, ask whoever runs this installation.",
    },
    unverified: {
      title: "The provider does not say that your e-mail address is verified.",
      next_step: "Verify it there and come back.",
    },
    domain: {
      title: "People with this e-mail domain may not sign in here.",
      next_step: "Use your work address.",
    },
    unknown: {
      title: "There is no account for this e-mail address.",
      next_step: "Ask an owner to invite you first.",
    },
    disabled: { title: "This account is disabled.", next_step: "Ask whoever runs this installation." },
    cancelled: { title: "Signing in was cancelled.", next_step: "Begin again whenever you like." },
    unavailable: {
      title: "The provider of single sign-on cannot be reached.",
      next_step: "Try again in a minute, or sign in with your password.",
    },
  }),
);

/** Why single sign-on did not lead in. A reason that is new to this page is said in general terms. */
export function refusalWords(reason: string): Said {
  return (
    REFUSALS.get(reason) ?? {
      title: "Single sign-on did not work.",
      next_step: "Try again, or sign in with your password.",
    }
  );
}
