/**
 * Where a caret stands in YAML that is being written, and so is seldom whole: which keys lead there, whether a key or a
 * value is wanted, and what of it is written already. Only the text before the caret is looked at.
 */

export interface YamlPlace {
  /** The keys (and `-`, for an item of a list) around what is wanted. */
  path: string[];
  wants: "key" | "value";
  /** What is written of it, without an opening quote, and where that begins. */
  word: string;
  from: number;
  quote: '"' | "'" | null;
  /** The keys that stand beside it already. */
  siblings: string[];
}

interface Level {
  indent: number;
  key: string;
  siblings: string[];
}

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:{}[\],&*!|>'"%@`-][^:#{}[\]]*?|-[^\s:][^:]*?)\s*:(?=\s|$)/;

export function yamlPlaceAt(before: string): YamlPlace {
  const walk = new Walk();
  let offset = 0;
  for (const line of before.split("\n")) {
    walk.line(line.replace(/\r$/, ""), offset);
    offset += line.length + 1;
  }
  return walk.place();
}

class Walk {
  private readonly levels: Level[] = [{ indent: -1, key: "", siblings: [] }];
  private flow: Flow | null = null;
  /** The indent of the key whose value is a block of lines (`|`). */
  private scalarIndent: number | null = null;
  private last: YamlPlace = { path: [], wants: "key", word: "", from: 0, quote: null, siblings: [] };

  line(text: string, offset: number): void {
    if (this.flow?.isOpen) {
      this.flow.read(text, offset);
      this.last = this.flow.place();
      return;
    }
    this.flow = null;
    const indent = text.search(/\S|$/);
    const isEmpty = text.trim() === "";
    if (this.scalarIndent !== null && (isEmpty || indent > this.scalarIndent)) {
      this.last = { ...this.last, wants: "value", word: text.trimStart(), from: offset + indent, quote: null };
      return;
    }
    this.scalarIndent = null;
    this.block(text, indent, offset);
  }

  place(): YamlPlace {
    return this.last;
  }

  /** One line of block style: items of lists, then a key with its value or a value. */
  private block(text: string, indent: number, offset: number): void {
    let at = indent;
    this.leaveTo(at, text[at] === "-");
    while (/^-\s/.test(text.slice(at)) || text.slice(at) === "-") {
      this.levels.push({ indent: at, key: "-", siblings: [] });
      at += 1 + (/^-(\s*)/.exec(text.slice(at))?.[1]?.length ?? 0);
    }
    const key = KEY.exec(text.slice(at));
    if (key?.[1] === undefined) {
      this.want("key", text.slice(at), offset + at);
      if (this.isValueStart(text.slice(at))) this.value(text, at, offset, at);
      return;
    }
    const name = unquoted(key[1]);
    this.top().siblings.push(name);
    this.levels.push({ indent: at, key: name, siblings: [] });
    const start = at + key[0].length;
    this.value(text, start + (/^\s*/.exec(text.slice(start))?.[0].length ?? 0), offset, at);
  }

  private isValueStart(text: string): boolean {
    return /^["'{[]/.test(text) || (this.top().key === "-" && !/^[\w ]*$/.test(text));
  }

  private value(text: string, at: number, offset: number, indent: number): void {
    const rest = text.slice(at);
    if (/^[|>][-+\d]*\s*$/.test(rest)) {
      this.scalarIndent = indent;
      this.want("value", "", offset + text.length);
    } else if (/^[{[]/.test(rest)) {
      this.flow = new Flow(this.path());
      this.flow.read(rest, offset + at);
      this.last = this.flow.place();
    } else {
      this.want("value", rest, offset + at);
    }
  }

  private want(wants: YamlPlace["wants"], written: string, from: number): void {
    const quote = quoteOf(written);
    const word = quote ? written.slice(1) : written;
    this.last = {
      path: this.path(),
      wants,
      word,
      from: from + (quote ? 1 : 0),
      quote,
      siblings: [...this.top().siblings],
    };
  }

  private leaveTo(indent: number, isItem: boolean): void {
    while (this.levels.length > 1) {
      const { indent: own, key } = this.top();
      // A list may stand as far left as the key that it belongs to.
      const isHolder = own < indent || (isItem && own === indent && key !== "-");
      if (isHolder) return;
      this.levels.pop();
    }
  }

  private top(): Level {
    return this.levels[this.levels.length - 1] as Level;
  }

  private path(): string[] {
    return this.levels.slice(1).map(({ key }) => key);
  }
}

interface Bracket {
  kind: "{" | "[";
  key: string | null;
  siblings: string[];
}

/** Flow style: `{a: [1, "x"]}`, character by character. */
class Flow {
  private readonly brackets: Bracket[] = [];
  private word = "";
  private from = 0;
  private quote: '"' | "'" | null = null;
  private hasBegun = false;

  constructor(private readonly outside: string[]) {}

  get isOpen(): boolean {
    return !this.hasBegun || this.brackets.length > 0;
  }

  read(text: string, offset: number): void {
    this.hasBegun = true;
    if (!this.quote) this.begin(offset);
    for (let at = 0; at < text.length; at++) {
      const char = text.charAt(at);
      if (this.quote) this.quoted(text, at, char);
      else if (char === "#" && /\s|^$/.test(text[at - 1] ?? "")) return;
      else this.plain(text, at, char, offset);
      if (!this.isOpen) return;
    }
  }

  place(): YamlPlace {
    const inner = this.brackets[this.brackets.length - 1];
    const path = [
      ...this.outside,
      ...this.brackets.flatMap(({ kind, key }) => (kind === "[" ? ["-"] : key === null ? [] : [key])),
    ];
    const wants = inner?.kind === "{" && inner.key === null ? "key" : "value";
    const { word, from, quote } = this;
    return { path, wants, word, from, quote, siblings: [...(inner?.siblings ?? [])] };
  }

  private quoted(text: string, at: number, char: string): void {
    const isEscaped = this.quote === '"' && text[at - 1] === "\\";
    if (char === this.quote && !isEscaped) this.quote = null;
    else this.word += char;
  }

  private plain(text: string, at: number, char: string, offset: number): void {
    const inner = this.brackets[this.brackets.length - 1];
    if (char === "{" || char === "[") {
      this.brackets.push({ kind: char, key: null, siblings: [] });
      this.begin(offset + at + 1);
    } else if (char === "}" || char === "]") {
      this.brackets.pop();
      this.word = "";
    } else if (char === ",") {
      if (inner) inner.key = null;
      this.begin(offset + at + 1);
    } else if (char === ":" && inner?.kind === "{" && inner.key === null && /^(\s|$)/.test(text.slice(at + 1))) {
      inner.key = this.word.trim();
      inner.siblings.push(inner.key);
      this.begin(offset + at + 1);
    } else {
      this.write(char, offset + at);
    }
  }

  private begin(at: number): void {
    this.word = "";
    this.from = at;
  }

  private write(char: string, at: number): void {
    if (this.word === "" && /\s/.test(char)) this.from = at + 1;
    else if (this.word === "" && (char === '"' || char === "'")) [this.quote, this.from] = [char, at + 1];
    else this.word += char;
  }
}

function quoteOf(written: string): '"' | "'" | null {
  const first = written[0];
  return first === '"' || first === "'" ? first : null;
}

function unquoted(key: string): string {
  return quoteOf(key) ? key.slice(1, -1) : key.trim();
}
