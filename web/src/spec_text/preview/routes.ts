/** The parts of a route's line, as offsets in it: `- If … → [x](#x)`. */
export interface RouteParts {
  lead: Part;
  arrow: Part;
  /** Targets that are words: stop, fail. */
  words: Part[];
}

interface Part {
  from: number;
  to: number;
}

const LEAD = /^ {0,3}[-*+][ \t]+(if|when|otherwise|then|on[ \t]+error|on[ \t]+timeout)(?![\w-])/i;
const ARROW = /→|->/g;

/** Null where the line is no route. Backquoted text is passed over. */
export function routeParts(line: string): RouteParts | null {
  const lead = LEAD.exec(line);
  const word = lead?.[1];
  if (!lead || word === undefined) return null;
  const bare = line.replace(/(`+)(?!`).*?[^`]\1(?!`)/g, (code) => "x".repeat(code.length));
  const arrow = [...bare.matchAll(ARROW)].find(({ index }) => index >= lead[0].length);
  if (!arrow) return null;
  const rest = arrow.index + arrow[0].length;
  const ends = /^[ \t]*(stop|fail)[ \t\r]*$/i.exec(bare.slice(rest));
  const start = ends?.[1] ? rest + bare.slice(rest).search(/\S/) : 0;
  return {
    lead: { from: lead[0].length - word.length, to: lead[0].length },
    arrow: { from: arrow.index, to: rest },
    words: ends?.[1] ? [{ from: start, to: start + ends[1].length }] : [],
  };
}
