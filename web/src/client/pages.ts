/** Lists that a screen shows whole: page after page, until there is none. */

/** How many things one call gives: as many as the server lets it. */
const PAGE = 200;

/** The page that follows what `from` names; null: the first. */
type Ask<Page> = (asked: { limit: number; from: string | null }) => Promise<Page>;

/** The things of all pages, in the server's order. */
export async function wholeList<Page extends { next: string | null }, Thing>(
  ask: Ask<Page>,
  thingsOf: (page: Page) => Thing[],
): Promise<Thing[]> {
  const things: Thing[] = [];
  let from: string | null = null;
  do {
    const page: Page = await ask({ limit: PAGE, from });
    things.push(...thingsOf(page));
    from = page.next;
  } while (from !== null);
  return things;
}
