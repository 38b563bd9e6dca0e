/** AgentSpec as CodeMirror reads it: markdown with YAML front matter, and YAML or JSON in its fenced blocks. */
import { jsonLanguage } from "@codemirror/lang-json";
import { markdown, markdownLanguage } from "@codemirror/lang-markdown";
import { yamlFrontmatter, yamlLanguage } from "@codemirror/lang-yaml";
import type { Language } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

const FENCES: Record<string, Language> = { yaml: yamlLanguage, yml: yamlLanguage, json: jsonLanguage };

export function agentSpec(): Extension {
  const content = markdown({
    base: markdownLanguage,
    codeLanguages: (info) => FENCES[/^\w*/.exec(info)?.[0].toLowerCase() ?? ""] ?? null,
    completeHTMLTags: false,
    pasteURLAsLink: false,
  });
  return yamlFrontmatter({ content });
}
