/** The one place that knows the router. Screens use these, so that nothing else depends on Next.js. */
import NextHead from "next/head";
import NextLink from "next/link";
import { useRouter } from "next/router";
import { type ComponentProps, useCallback, useMemo, useSyncExternalStore } from "react";

/** A link within the app. */
export function Link(props: ComponentProps<typeof NextLink>) {
  return <NextLink prefetch={false} {...props} />;
}

/** The title of the page, as the browser's tab shows it. */
export function PageTitle({ children }: { children: string }) {
  return (
    <NextHead>
      <title>{`${children} · Plainwork`}</title>
    </NextHead>
  );
}

export interface Place {
  /** The path without the query, such as `/agents/0192…`. */
  path: string;
  /** What the path's pattern and the query string say; a parameter that is given twice has its values in order. */
  params: Record<string, string[]>;
  /** False while a page that was loaded directly does not know its own address yet. */
  isReady: boolean;
}

/** Where the person is. */
export function usePlace(): Place {
  const router = useRouter();
  return useMemo(() => {
    const params: Record<string, string[]> = {};
    for (const [name, value] of Object.entries(router.query)) {
      if (value !== undefined) params[name] = Array.isArray(value) ? value : [value];
    }
    const path = router.asPath.split(/[?#]/)[0] ?? "/";
    return { path, params, isReady: router.isReady };
  }, [router.asPath, router.query, router.isReady]);
}

/** One parameter of the place, or null. */
export function useParam(name: string): string | null {
  return usePlace().params[name]?.[0] ?? null;
}

/** What stands in the address after the `#` under that name, which browsers send to nobody; null: nothing, and undefined
 *  while a page that was loaded directly does not know its own address yet. */
export function useFragment(name: string): string | null | undefined {
  const fragment = useSyncExternalStore(
    (listener) => {
      window.addEventListener("hashchange", listener);
      return () => window.removeEventListener("hashchange", listener);
    },
    () => window.location.hash.slice(1),
    () => null,
  );
  return fragment === null ? undefined : new URLSearchParams(fragment).get(name);
}

/** Goes to another place: `go("/runs?status=failed")`. With `replace`, the history keeps no entry of this one. */
export function useGo(): (href: string, options?: { replace?: boolean }) => void {
  const router = useRouter();
  return useCallback(
    (href, options) => {
      void (options?.replace ? router.replace(href) : router.push(href));
    },
    [router],
  );
}
