/** The one cache of what the server said. Screens read through it and keep no second copy. */
import { QueryClient } from "@tanstack/react-query";
import { asProblem } from "./problem";

/** Calls that a server never answered are made again twice; what was refused stays refused. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      staleTime: 5_000,
      retry: (count, why) => count < 2 && asProblem(why).isUnreachable,
    },
    mutations: { networkMode: "always" },
  },
});
