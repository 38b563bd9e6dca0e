/** AgentSpec as CodeMirror reads it: markdown with YAML front matter, and YAML or JSON in its fenced blocks. */
import { jsonLanguage } from "@codemirror/lang-json";
import { markdown, markdownLanguage } from "@codemirror/lang-markdown";
import { yamlFrontmatter, yamlLanguage } from "@codemirror/lang-yaml";
import { type Language, LanguageSupport, type LRLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { type ParseWrapper, type PartialParse, Tree } from "@lezer/common";

const FENCES: Record<string, Language> = { yaml: yamlLanguage, yml: yamlLanguage, json: jsonLanguage };

export function agentSpec(): Extension {
  const content = markdown({
    base: markdownLanguage,
    codeLanguages: (info) => FENCES[/^\w*/.exec(info)?.[0].toLowerCase() ?? ""] ?? null,
    completeHTMLTags: false,
    pasteURLAsLink: false,
  });
  const { language, support } = yamlFrontmatter({ content });
  const spec = language as LRLanguage;
  return new LanguageSupport(spec.configure({ wrap: behindByteOrderMark(spec) }), support);
}

/** Front matter is at the start of a text also where a byte order mark stands before it. */
function behindByteOrderMark({ parser }: LRLanguage): ParseWrapper {
  return (inner, input, fragments, ranges) => {
    const [first, ...rest] = ranges;
    if (first?.from !== 0 || first.to < 2 || input.read(0, 1) !== "\ufeff") return inner;
    return moved(parser.startParse(input, fragments, [{ from: 1, to: first.to }, ...rest]));
  };
}

/** A parse of what stands behind the first character, as a parse of the whole. */
function moved(parse: PartialParse): PartialParse {
  return {
    advance() {
      const tree = parse.advance();
      return tree && new Tree(tree.type, [tree], [1], tree.length + 1);
    },
    get parsedPos() {
      return parse.parsedPos;
    },
    get stoppedAt() {
      return parse.stoppedAt;
    },
    stopAt: (at) => parse.stopAt(at),
  };
}
