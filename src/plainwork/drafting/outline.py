"""A description as statements: one sentence or list item each, without markdown marks, and without the sections that
tell a reader how to install or buy rather than what the agent does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from plainwork.drafting.data import words
from plainwork.drafting.text import Token, Tokens, tokenize
from plainwork.spec.schedule_text import find_schedule

Origin = Literal["prose", "item", "aside"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence; ``aside`` when it speaks to whoever sets the agent up. ``label`` is what stands before the colon of a
    list item, ``lead`` the words that introduce its list (``Create:``); ``paragraph`` counts blocks of prose and lists;
    ``text`` is the sentence as it was written (its first token stands at its beginning)."""

    tokens: Tokens
    origin: Origin = "prose"
    label: Tokens = ()
    lead: Tokens = ()
    paragraph: int = 0
    text: str = ""


_FENCE = re.compile(r"```.*?(?:```|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]\n]{0,200}\]\([^)\n]{0,500}\)")
_LINK = re.compile(r"\[([^\]\n]{1,200})\]\([^)\n]{0,500}\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,2}(?=\w)|(?<=\w)_{1,2}(?!\w)|~~")
_INITIALS = re.compile(r"\b([A-Z])\.(?=[A-Z]\b)|(?<=\b[A-Z])\.(?=\s+[a-z])")
_BOLD_LINE = re.compile(r"^[ \t]*\*\*([^*\n]{1,60})\*\*:?[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)#*\s*$")
_ITEM = re.compile(
    r"^\s*(?:[-*•‣–+◦▪✅✔👉🔹]\ufe0f?|\(?\d{1,3}[.)\]]|[a-zA-Z][.)]|step\s+\d+\s*[:.)-])\s+(?=\S)", re.IGNORECASE
)
_INLINE_NUMBER = re.compile(r"(?<!\S)\(?(\d{1,2})[.)]\s+(?=\S)")
_PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]")

# Sections about everything but what the agent does.
_ASIDE_SECTION = re.compile(
    r"prerequisite|requirement|require|set[- ]?up|credential|install|configur|customi[sz]|adjust|"
    r"how to use|usage|getting started|"
    r"before you|what you('| wi)?ll need|you need|support|contact|about (me|the author|us)|author|"
    r"note|tip|benefit|why|who |"
    r"use case|limitation|troubleshoot|faq|licen[cs]e|resource|video|screenshot|feedback|contribut|"
    r"example output|need help|"
    r"feature|advantage|demo|pricing|cost|further|improve|next steps|ideas|good to know|disclaimer|"
    r"cred[ei]ts|links?$|changelog",
    re.IGNORECASE,
)
_DOING_SECTION = re.compile(
    r"how (it|this|the \w+) work|workflow|steps|what (it|this|happens)|process|flow|overview", re.IGNORECASE
)

# List items and sentences that speak to the person who sets the agent up.
_SET_UP = re.compile(
    r"^(please\s+)?(import|configure|set ?up|install|connect|activate|enable|replace|change|"
    r"customi[sz]e|adjust|fill in|enter|"
    r"paste|copy|add|create|insert|update|select|choose|get|obtain|provide|make sure|ensure|sign up|"
    r"register|turn on|edit)\b"
    r".{0,60}\b(workflow|template|credentials?|api[- ]?keys?|tokens?|your (own )?account|userid|"
    r"password|nodes?|settings|"
    r"environment variables?|oauth|webhook url|target board|parameters?|variables)\b",
    re.IGNORECASE,
)
_ASIDE_SENTENCE = re.compile(
    r"^(note( that)?|tip|warning|disclaimer|important|remember|keep in mind|make sure|be sure|"
    r"perfect for|ideal for|great for|"
    r"you('| wi)?ll need|you need|you (can|could|may|might)|this (allows|helps|enables|ensures|saves|"
    r"means|way)|feel free|"
    r"it (helps|ensures|saves)|helps?|ensures|saves|for more|see |check out|read more|learn more|thanks|enjoy|happy|"
    r"if you (have|need|want|like|wish|prefer|would|are)|(as|this is) an? example|requires?\b|"
    r"don'?t forget|questions)\b"
    r"|\b(can|could|may|might) (also )?(be|easily be) (used|replaced|changed|adapted|customi[sz]ed|"
    r"extended|modified|combined)\b"
    r"|\bcan be used\b|\bstay (up[- ]to[- ]date|informed)\b",
    re.IGNORECASE,
)
# A list of nodes that tells what each of them does.
_BY_NODE = re.compile(
    r"^(?:get|add|create|insert|update|select|choose)\b(?!.*\b(?:credentials?|api[- ]?keys?|tokens?|your|oauth|settings)\b)"
    r".*\b(?:from|to|in|with|using|via) (?:the|a|an) .{0,40}\bnodes?\b",
    re.IGNORECASE,
)
_ENDS = frozenset(".!?;")
_SHORTENED = words("abbreviations")


def statements(text: str) -> list[Statement]:
    """The statements of a description, in order."""
    found: list[Statement] = []
    for paragraph, (origin, lead, body) in enumerate(_blocks(_plain(text))):
        for tokens in _sentences(tokenize(body)):
            label, rest = _label(tokens) if origin == "item" else ((), tokens)
            if not rest:
                continue
            shown = body[rest[0].start : rest[-1].start + len(rest[-1].text)]
            set_up = origin == "item" and _SET_UP.search(shown)
            speaks_aside = _ASIDE_SENTENCE.search(shown) or (set_up and not _BY_NODE.search(shown))
            found.append(Statement(rest, "aside" if speaks_aside else origin, label, tokenize(lead), paragraph, shown))
    return found


def _plain(text: str) -> str:
    text = _BOLD_LINE.sub(r"## \1", text)
    text = _LINK.sub(r"\1", _IMAGE.sub(" ", _FENCE.sub("\n", text)))
    text = _PICTURES.sub(" ", _TAG.sub(" ", text))
    text = _EMPHASIS.sub("", re.sub(r"^(\s*)\*\s+", r"\1- ", text, flags=re.MULTILINE))
    return _INITIALS.sub(r"\1", text).replace("->", "→").replace("=>", "→")


def _blocks(text: str) -> Iterator[tuple[Origin, str, str]]:
    """(origin, lead, text) of each paragraph and list item, without the sections that are asides."""
    aside, lead, paragraph = False, "", [""]
    for line in [*text.split("\n"), ""]:
        heading = _heading(line)
        item = None if heading else _ITEM.match(line)
        if line.strip() and not heading and not item and not (line.startswith((" ", "\t")) and not paragraph[0]):
            paragraph[0] = f"{paragraph[0]} {line.strip()}".strip()
            continue
        if paragraph[0]:
            lead = paragraph[0]
            if not aside:
                yield from _with_inline_list(paragraph[0])
            paragraph[0] = ""
        if heading:
            aside = bool(_ASIDE_SECTION.search(heading)) and not _DOING_SECTION.search(heading)
            lead = ""
        elif item and not aside:
            yield "item", _list_lead(lead), line[item.end() :].strip()
        elif line.strip() and not aside:
            yield "item", _list_lead(lead), line.strip()


def _heading(line: str) -> str | None:
    match = _HEADING.match(line)
    if match:
        return match.group(1) or " "
    words = line.strip().rstrip(":").split()
    titled = 0 < len(words) <= 5 and line.strip().endswith(":") and not _ITEM.match(line)
    return " ".join(words) if titled and (_ASIDE_SECTION.search(line) or _DOING_SECTION.search(line)) else None


def _list_lead(text: str) -> str:
    """The end of the paragraph before a list, when it announces the list."""
    last = re.split(r"[.!?]\s+", text)[-1].rstrip()
    return last.rstrip(":-– ") if last.endswith((":", "-", "–")) else ""


def _with_inline_list(text: str) -> Iterator[tuple[Origin, str, str]]:
    marks = list(_INLINE_NUMBER.finditer(text))
    numbers = [int(mark.group(1)) for mark in marks]
    if len(marks) < 2 or numbers != list(range(1, len(marks) + 1)):
        yield "prose", "", text
        return
    lead = text[: marks[0].start()].strip()
    if lead.endswith((".", "!", "?")) or find_schedule(lead[:200]):
        yield "prose", "", lead
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        yield "item", lead.rstrip(":-– "), text[mark.end() : end].strip()


def _sentences(tokens: Tokens) -> Iterator[Tokens]:
    start = 0
    for at, token in enumerate(tokens):
        if token.kind == "mark" and token.text in _ENDS and _ends_here(tokens, at):
            if at > start:
                yield tokens[start:at]
            start = at + 1
    if start < len(tokens):
        yield tokens[start:]


def _ends_here(tokens: Tokens, at: int) -> bool:
    if tokens[at].text != "." or at + 1 >= len(tokens):
        return True
    before = tokens[at - 1] if at else None
    if before and before.lower in _SHORTENED:
        return False
    return _depth(tokens, at) == 0 and (before is None or before.kind != "mark" or before.text in ")]\"'”")


def _depth(tokens: Tokens, at: int) -> int:
    """How many brackets are open at ``at``, looking back over one sentence's length."""
    near: tuple[Token, ...] = tokens[max(0, at - 60) : at]
    opened = sum(token.text == "(" for token in near) - sum(token.text == ")" for token in near)
    return max(0, opened)


def _label(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """``Email trigger: starts when …`` → its label and the rest."""
    for at, token in enumerate(tokens[:8]):
        if token.text in (":", "–", "—") or (token.text == "-" and at > 0):
            return (tokens[:at], tokens[at + 1 :]) if 0 < at < len(tokens) - 1 else ((), tokens)
    return (), tokens
