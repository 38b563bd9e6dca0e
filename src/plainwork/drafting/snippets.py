"""Small programs for changes of format that expressions cannot say. Each is one ``code`` step, tested in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    """A program over ``variable`` for text of the form ``takes``; its result has the form ``gives``."""

    takes: str
    gives: str
    variable: str
    code: str

    def fits(self, words: Sequence[str]) -> bool:
        """Whether a clause of these words (small letters) asks for this change."""
        if self.takes not in words:
            return False
        return self.gives in words or (
            self.gives == "json" and not {"csv", "xml", "html", "pdf"} & (set(words) - {self.takes})
        )


_FROM_XML = """
def unescape(text):
    for name, letter in [('&lt;', '<'), ('&gt;', '>'), ('&quot;', '"'), ('&apos;', "'"), ('&amp;', '&')]:
        text = text.replace(name, letter)
    return text


def put(holder, name, value):
    if name not in holder:
        holder[name] = value
    elif isinstance(holder[name], list):
        holder[name].append(value)
    else:
        holder[name] = [holder[name], value]


def read_attributes(text):
    found = {}
    rest = text
    while '=' in rest:
        name, rest = rest.split('=', 1)
        rest = rest.strip()
        mark = rest[:1]
        if mark != '"' and mark != "'":
            break
        value, rest = rest[1:].split(mark, 1)
        found['@' + name.strip()] = unescape(value)
    return found


def read_xml(text):
    root = {}
    stack = [('', root, '')]
    pieces = text.split('<')
    for piece in pieces[1:]:
        tag, after = piece.split('>', 1) if '>' in piece else (piece, '')
        if tag[:1] == '/':
            name, holder, words = stack.pop()
            value = holder if holder else unescape(words.strip())
            if holder and words.strip():
                holder['text'] = unescape(words.strip())
            put(stack[-1][1], name, value)
        elif tag[:1] != '?' and tag[:1] != '!':
            closed = tag[-1:] == '/'
            tag = tag[:-1].strip() if closed else tag.strip()
            name = tag.split()[0]
            holder = read_attributes(tag[len(name):])
            if closed:
                put(stack[-1][1], name, holder)
            else:
                stack.append((name, holder, ''))
        name, holder, words = stack[-1]
        stack[-1] = (name, holder, words + after)
    return root


read_xml(xml)
"""

_FROM_CSV = """
def read_line(line):
    cells = []
    cell = ''
    quoted = False
    spot = 0
    while spot < len(line):
        letter = line[spot]
        if quoted and letter == '"' and line[spot + 1:spot + 2] == '"':
            cell += '"'
            spot += 1
        elif letter == '"':
            quoted = not quoted
        elif letter == ',' and not quoted:
            cells.append(cell)
            cell = ''
        else:
            cell += letter
        spot += 1
    cells.append(cell)
    return cells


lines = [line for line in csv.replace('\\r', '').split('\\n') if line.strip()]
names = read_line(lines[0]) if lines else []
rows = []
for line in lines[1:]:
    row = {}
    for name, cell in zip(names, read_line(line)):
        row[name.strip()] = cell
    rows.append(row)
rows
"""

_TO_CSV = """
def write_cell(value):
    text = '' if value is None else str(value)
    if ',' in text or '"' in text or '\\n' in text:
        return '"' + text.replace('"', '""') + '"'
    return text


names = []
for row in rows:
    for name in row:
        if name not in names:
            names.append(name)
lines = [','.join([write_cell(name) for name in names])]
for row in rows:
    lines.append(','.join([write_cell(row.get(name)) for name in names]))
'\\n'.join(lines)
"""

SNIPPETS = (
    Snippet("xml", "json", "xml", _FROM_XML.lstrip()),
    Snippet("csv", "json", "csv", _FROM_CSV.lstrip()),
    Snippet("json", "csv", "rows", _TO_CSV.lstrip()),
    Snippet("rows", "csv", "rows", _TO_CSV.lstrip()),
)
