"""A condition in English as an expression: ``the score is over 100`` → ``item.score > 100``.

Where the words do not say which field decides, the expression asks for a field named after them and ``sure`` is False,
so that the draft can put the question to its reader.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from plainwork.drafting import words as w
from plainwork.drafting.data import words
from plainwork.drafting.text import Token, words_of


@dataclass(frozen=True, slots=True)
class Test:
    """An expression, the field it looks at (small letters; "" for none), and whether the words really say so."""

    expression: str
    field: str = ""
    sure: bool = True


_MORE = (
    r"over|above|greater than|more than|higher than|larger than|bigger than|exceeds?|exceeding|exceeded|"
    r"beyond|longer than|after|>"
)
_LESS = r"under|below|less than|fewer than|lower than|smaller than|shorter than|before|<"
_LEAST = r"at least|no less than|a minimum of|>=|≥"
_MOST = r"at most|no more than|up to|a maximum of|<=|≤"
_SAME = r"equals?|equal to|exactly|==|="
_SIGNS = ((_LEAST, ">="), (_MOST, "<="), (_MORE, ">"), (_LESS, "<"), (_SAME, "=="))
_ANY_SIGN = "|".join(f"(?:{words})" for words, _ in _SIGNS)
_BE = r"(?:is|are|was|were|be|has been|have been|goes|go|rises|drops|drop|falls|gets|being|has|have|of|=|:)"
_NUMBER = r"(?P<number>-?[$€£]?\d[\d,]*(?:\.\d+)?)\s*(?P<mark>%|[kK]\b)?"
_LEADS = re.compile(
    r"^(?:(?:and|or|whose|with|having|that|which|who|where|has|have|had|contains?|of|a|an|the|its|"
    r"it's|their|his|her|this|these|those|any|only|for)\s+)+"
)
_COMPARED = re.compile(
    rf"^(?P<field>.*?)\s*(?:\b{_BE}\s+)?(?P<no>not\s+)?(?:\b|"
    rf"(?=[<>=≥≤]))(?P<sign>{_ANY_SIGN})\s*(?:a |an |the )?{_NUMBER}(?P<rest>.*)$"
)
_ON_DAY = re.compile(
    r"^(?:whose |who |that |which )?(?P<field>.*?)\s*\b(?P<how>is due|is|was|falls on|ends|expires|starts|begins) "
    r"(?P<no>not )?(?P<when>today|tomorrow|this week)$"
)
_ENDS_AS = {"is due": "due", "ends": "end", "expires": "expiry", "starts": "start", "begins": "start"}
_AT_LEAST = re.compile(r"\b(\d[\d,.]{0,15}) or (?:more|higher|above|over)\b")
_AGE = re.compile(
    r"(?:(?P<older>older than|more than|over)|(?P<newer>(?:with)?in the (?:last|past)|newer than|"
    r"(?:last|past|less than)))\s+(?P<n>\d+)\s+(?P<unit>minute|hour|day|week|"
    r"month)s?\b(?P<ago>\s+ago)?"
)
_LEVEL = r"urgent|critical|high|highest|medium|normal|low|lowest|minor|major|severe|important"
_GRADED = re.compile(
    rf"\b(?P<value>{_LEVEL})\b[\s-]+(?P<field>priority|impact|severity|risk|urgency|value|rating|"
    rf"importance|confidence|quality|score)\b"
)
_GRADED_BACK = re.compile(
    rf"\b(?P<field>priority|impact|severity|risk|urgency|rating|importance|confidence|"
    rf"quality)\s+(?:is|are|was|=|equals)\s+(?P<no>not\s+)?(?P<value>{_LEVEL})\b"
)
_HOLDS = re.compile(
    r"^(?P<field>.*?)\s*\b(?P<no>does not |do not |doesn't |don't |not )?(?P<how>contains?|"
    r"containing|includes?|including|mentions?|mentioning|starts? with|begins? with|ends? with|"
    r"matches|match)\s+"
    r"(?:(?:the|a|an|any of the|one of the)\s+)?(?:(?:words?|text|phrases?|strings?|keywords?)\s+)?(?P<value>.+)$"
)
_EMPTY = re.compile(
    r"^(?:there (?:is|are|was|were) )?(?P<no>no|not any|zero|nothing)\b\s*(?P<noun>.*)$|"
    r"^(?P<noun2>.+?) (?:is|are) (?P<what>empty|missing|not found|not available|unknown|blank)$"
)
_SOME = re.compile(
    r"^there (?:is|are|was|were) (?:any |some |new |at least one |a |an )*(?P<noun>.+)$|^(?:any|"
    r"some) (?P<noun2>.+)$|^(?P<noun3>.+?) (?:is|are|was|were) (?:found|returned|available|present)$|"
    r"^(?P<noun4>.+?) exists?$"
)
_QUOTED = r"\"[^\"]+\"|“[^”]+”|'[^']+'|‘[^’]+’"
_QUOTED_FIELD = re.compile(rf"(?P<value>{_QUOTED})\s+(?P<field>[a-z][a-z _-]{{1,30}})$")
_IS = re.compile(
    rf"^(?P<field>.*?)\s*\b(?:is|are|was|were|equals|=)\s*(?:set to |equal to |marked as |marked |"
    rf"either |in (?:the )?|now |still |labeled |labelled |tagged )*(?P<no>not\s+|"
    rf"n't\s+)?(?P<value>{_QUOTED}|[\w$%.+@-]+(?:[ /-][\w.+-]+){{0,4}})$"
)
_WITH = re.compile(
    r"^(?:with|whose|has|have|having|in)\s+(?:a |an |the )?(?P<field>status|state|priority|type|"
    r"category|country|role|stage|severity|plan|language|label|tag|city|department)\s+(?:of |is |"
    r"equal to |set to )?(?P<no>not )?(?P<value>\"[^\"]+\"|'[^']+'|[\w-]+)$"
)
_NOT = re.compile(r"\b(?:not|never|isn't|aren't|doesn't|don't)\b")
_ORIGIN = re.compile(
    r"^(?P<field>.*?)\s*\b(?:is |are |was |were |comes? |came )?(?P<no>not )?from (?:the )?"
    r"(?P<value>[A-Z][\w.-]*(?: [A-Z][\w.-]*){0,2})$"
)
_ENDED = re.compile(r"^(?P<field>.*?)\s*\b(?:has |have )?(?P<no>not )?(?P<value>failed|succeeded)$")
_TAGGED = re.compile(
    r"\b(?P<no>not )?(?:labell?ed|tagged)(?: as| with)? (?P<value>\"[^\"]+\"|'[^']+'|[\w-]+(?: [\w-]+)?)$"
)
_STARS = re.compile(r"\b(?P<no>not )?(?:an? |with )?(?P<number>one|two|three|four|five|[1-5])[ -]stars?\b")
_NUMBERS = {word: number for number, word in enumerate(("one", "two", "three", "four", "five"), 1)}
_MONEY = re.compile(r"[$€£]|^\s*(?:euros?|eur|dollars?|usd|pounds?|gbp|francs?|chf|yen|rupees?|bucks)\b", re.IGNORECASE)
_IS_NOT = re.compile(r"\b(?:isn't|aren't|wasn't|weren't)\b")
_KIND_OF_FILE = {
    "pdf": ".pdf", "word": ".docx", "excel": ".xlsx", "csv": ".csv", "powerpoint": ".pptx", "json": ".json", "xml": ".xml",
    "image": (".png", ".jpg", ".jpeg"),
    "picture": (".png", ".jpg", ".jpeg"), "photo": (".jpg", ".jpeg"), "mp4": ".mp4", "video": ".mp4", "zip": ".zip",
}  # fmt: skip
_FILE = re.compile(
    r"\b(?:is|was|are)\s+(?:a|an)\s+(?:\w+\s+)?(?P<kind>pdf|word|excel|csv|powerpoint|json|xml|image|"
    r"picture|photo|mp4|video|zip)\b"
)
_STATES = words("state_adjectives")
_MOODS = frozenset(["positive", "negative", "neutral", "happy", "angry"])
_ENOUGH = re.compile(
    r"\bnot (?:had |have |has |been |be |done |enough )*enough\b|\btoo (?P<few>few|little)\b|"
    r"\btoo (?P<many>many|much)\b"
)


_MOVED = re.compile(r"\b(drop|fall|decreas|declin|ris|increas|grow|chang|mov|los|gain)(?:e?s|ed|es|ing|e)? (?:by )?$")


def read_test(tokens: Sequence[Token], subject: str, *, many: str | None = None, noun: str = "") -> Test:
    """The expression of a condition. ``subject``: the expression of what it speaks of (``item``); ``many``: that of the
    list it may speak of instead ("if there are any posts"); ``noun``: what the subject is called, so that "the order
    total" is its total."""
    text = " ".join(words_of(tokens).split())
    for word in (" and ", " or "):
        parts = text.split(word)
        tests = [_one(part, subject, None, noun) for part in parts] if 1 < len(parts) <= 4 else []
        if tests and all(test is not None and test.sure for test in tests):
            return Test(word.join(test.expression for test in tests if test), tests[0].field if tests[0] else "")
    found = _one(text, subject, many, noun)
    if found is not None:
        return found
    told = _NOT.sub(" ", text)
    field = _slug(told, noun)
    open_ = Test(f"bool(get({subject}, {json.dumps(field)}))", field, sure=False)
    return open_ if told == text else negated(open_)


_PLAIN = re.compile(
    r"^(?:if )?(?:the |its |their |a )?(?P<what>[\w ]{1,40}?) (?:is|are|equals|=|says) (?P<no>not )?(?:set to |equal to )?"
    r"(?P<value>[\"'“]?[\w$%.+@ -]{1,30}[\"'”]?)$",
    re.IGNORECASE,
)


def read_plain(tokens: Sequence[Token], subject: str, noun: str) -> Test | None:
    """A condition on a single text, not on a record with fields: ``the level is easy``, ``the count is over 5``."""
    text = " ".join(words_of(tokens).split())
    compared = _COMPARED.match(text.lower())
    if compared:
        sign = next(sign for words, sign in _SIGNS if re.fullmatch(words, compared["sign"]))
        return Test(f"float({subject}) {sign} {_plain(compared['number'], compared['mark'])}", noun)
    match = _PLAIN.match(text)
    what = match["what"].lower() if match else ""
    if match is None or (what not in ("it", "this", "that", "answer", "result") and noun not in what.split()):
        return None
    sign = "!=" if match["no"] else "=="
    return Test(f"lower(trim(str({subject}))) {sign} {_literal(match['value'].lower())}", noun)


def negated(test: Test) -> Test:
    """The opposite."""
    return Test(f"not ({test.expression})", test.field, test.sure)


def _one(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    lowered = _IS_NOT.sub("is not", text.replace("’", "'"))
    for read in _READERS:
        found = read(lowered, subject, many, noun)
        if found is not None:
            return found
    return None


def _on_day(text: str, subject: str, _many: str | None, noun: str) -> Test | None:
    """``birthday is today``, ``the contract ends tomorrow``, ``is due this week``."""
    match = _ON_DAY.match(text.lower())
    if match is None:
        return None
    told = _slug(match["field"], noun)
    how = match["how"]
    field = told if how in ("is", "was", "falls on") else "_".join(part for part in (told, _ENDS_AS[how]) if part)
    at = _at(subject, field or "date")
    if re.search("birthday|anniversary", field):
        day = {"today": "run.started_at", "tomorrow": 'add_time(run.started_at, "1 day")'}.get(match["when"])
        same = f'format_date(date({at}), "%m-%d") == format_date({day}, "%m-%d")'
        return Test(f"not ({same})" if match["no"] else same, field) if day else None
    days = f"days_between(date(run.started_at), date({at}))"
    expression = {"today": f"{days} == 0", "tomorrow": f"{days} == 1", "this week": f"0 <= {days} <= 7"}[match["when"]]
    return Test(f"not ({expression})" if match["no"] else expression, field)


def _aged(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _AGE.search(text.lower())
    if not match or (
        ("more than" in match.group() or "over" in match.group() or "less than" in match.group())
        and not match["ago"]
        and "old" not in text
    ):
        return None
    field = next(
        (name for name in ("published", "updated", "created", "received", "date") if name in text.lower()), "date"
    )
    name = {
        "published": "published_at",
        "updated": "updated_at",
        "created": "created_at",
        "received": "received_at",
    }.get(field, "date")
    sign = "<" if match["older"] else ">="
    span = f"-{match['n']} {match['unit']}s" if match["unit"] != "month" else f"-{int(match['n'][:4]) * 30} days"
    return Test(f'datetime({_at(subject, name)}) {sign} add_time(run.started_at, "{span}")', name)


def _compared(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    text = _AT_LEAST.sub(r"at least \1 ", text.lower())
    match = _COMPARED.match(text)
    if not match:
        return None
    sign = next(sign for words, sign in _SIGNS if re.fullmatch(words, match["sign"]))
    rest = match["rest"].strip(" .,")
    name = match["field"].strip() or rest
    field = _slug(name, noun) or _slug(rest, noun)
    moved = (
        _MOVED.search(f"{match['field']} ") if re.search(r"\bby\s*$", match["field"]) or match["mark"] == "%" else None
    )
    if moved:
        by = f"{_at(subject, 'change_percent' if match['mark'] == '%' else 'change')}"
        down = moved[1].startswith(("drop", "fall", "decreas", "declin", "los"))
        return Test(f"{by} {'<' if down else sign} {'-' if down else ''}{_plain(match['number'], None)}", "change")
    money = _MONEY.search(match["number"]) or _MONEY.search(match["rest"])
    if field in (noun, w.singular(noun)) or (money and not match["field"].strip()):
        owned = _slug(rest, noun) if re.search(r"\bha(?:s|ve)\b", text[: match.start("sign")]) else ""
        field = "total" if money else owned or "value"
    if match["no"]:
        sign = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!="}[sign]
    number = _plain(match["number"], match["mark"])
    counted = re.search(r"number of (\w+)|count of (\w+)", name)
    if counted and many:
        return Test(f"len({many}) {sign} {number}", "count")
    return Test(f"{_at(subject, field or 'value')} {sign} {number}", field or "value", sure=bool(field))


def _plain(number: str, mark: str | None) -> str:
    digits = re.sub(r"[^\d.-]", "", number)
    digits = (digits.lstrip("0") or "0") if "." not in digits else digits
    digits = f"0{digits}" if digits.startswith(".") else digits
    return f"{digits}000" if mark and mark in "kK" else digits


def _enough(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _ENOUGH.search(text.lower())
    if not match:
        return None
    field = w.head_noun_of(text[match.end() :]) or "count"
    name = _slug(field, noun)
    measured = f"len({many})" if many else _at(subject, name)
    sign, bound = (">", "most") if match["many"] else ("<", "least")
    return Test(f"{measured} {sign} inputs.{bound}_{name}", f"{bound}_{name}")


def _graded(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _GRADED.search(text.lower()) or _GRADED_BACK.search(text.lower())
    if not match:
        return None
    no = ("no" in match.groupdict() and match["no"]) or re.search(r"\bnot\b", text.lower()[: match.start()])
    return Test(
        f"lower(str({_at(subject, match['field'])})) {'!=' if no else '=='} {json.dumps(match['value'])}",
        match["field"],
    )


def _quoted_field(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _QUOTED_FIELD.search(text)
    if not match:
        return None
    field = _slug(match["field"].lower(), noun)
    no = re.search(r"\b(?:not|no|without)\b", text[: match.start()].lower())
    return Test(f"lower(str({_at(subject, field)})) {'!=' if no else '=='} {_literal(match['value'].lower())}", field)


def _holds(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _HOLDS.match(text.lower())
    if not match or (not match["field"] and re.search(r"\b(?:is|are)\b", text)):
        return None
    original = text[match.start("value") : match.end("value")]
    options = [part.strip(" ,.") for part in re.split(r",|\bor\b|\band\b", original) if part.strip(" ,.")][:6]
    if not options:
        return None
    field = _slug(match["field"], noun)
    whole = _at(subject, field) if field else f"str({subject})"
    how = match["how"]
    call = "starts_with" if how.startswith(("start", "begin")) else "ends_with" if how.startswith("end") else "contains"
    expression = " or ".join(f"{call}({whole}, {_literal(option)})" for option in options)
    return Test(f"not ({expression})" if match["no"] else expression, field)


def _file(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _FILE.search(text.lower())
    if not match:
        return None
    endings = _KIND_OF_FILE[match["kind"]]
    names = (endings,) if isinstance(endings, str) else endings
    expression = " or ".join(f"ends_with(lower({_at(subject, 'name')}), {json.dumps(name)})" for name in names)
    return Test(expression, "name")


def _origin(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    """``from Germany``: the country of a thing, the sender of a message."""
    match = _ORIGIN.match(text)
    if not match or len(match["field"].split()) > 3:
        return None
    value = json.dumps(match["value"].lower(), ensure_ascii=False)
    if noun in w.MAILS | {"message"}:
        held = f"contains(lower(str({_at(subject, 'from')})), {value})"
        return Test(f"not {held}" if match["no"] else held, "from")
    return Test(f"lower(str({_at(subject, 'country')})) {'!=' if match['no'] else '=='} {value}", "country")


def _tagged(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _TAGGED.search(text)
    if not match:
        return None
    held = f'contains(lower(str(get({subject}, "labels", {subject}))), {_literal(match["value"].lower())})'
    return Test(f"not {held}" if match["no"] else held, "labels")


def _starred(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _STARS.search(text.lower())
    if not match:
        return None
    number = _NUMBERS.get(match["number"]) or int(match["number"])
    return Test(f"{_at(subject, 'rating')} {'!=' if match['no'] else '=='} {number}", "rating")


def _ended(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    """``the payment failed``: how something ended is its status."""
    match = _ENDED.match(text.lower())
    if not match or len(match["field"].split()) > 3:
        return None
    no = bool(match["no"])
    return Test(f"lower(str({_at(subject, 'status')})) {'!=' if no else '=='} {json.dumps(match['value'])}", "status")


def _empty(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _EMPTY.match(text.lower())
    if not match:
        return None
    if many:
        return Test(f"len({many}) == 0", "count")
    field = _slug(match["noun"] or match["noun2"] or "", noun)
    return Test(f"not get({subject}, {json.dumps(field)})", field) if field else None


def _some(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _SOME.match(text.lower())
    if not match:
        return None
    if many:
        return Test(f"len({many}) > 0", "count")
    field = _slug(next((part for part in match.groups() if part), ""), noun)
    return Test(f"bool(get({subject}, {json.dumps(field)}))", field) if field else None


def _with(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    match = _WITH.match(text.lower())
    if not match:
        return None
    value = _literal(match["value"])
    if match["field"] in ("label", "tag"):
        held = f'contains(str(get({subject}, "{match["field"]}s", {subject})), {value})'
        return Test(f"not {held}" if match["no"] else held, match["field"])
    return Test(f"lower(str({_at(subject, match['field'])})) {'!=' if match['no'] else '=='} {value}", match["field"])


def _is(text: str, subject: str, many: str | None, noun: str) -> Test | None:
    lowered = text.lower()
    match = _IS.match(lowered)
    if not match:
        return _lone(lowered, subject)
    value = match["value"].strip()
    words = value.split()
    field = _slug(re.sub(r"^(?:it|its|it's|they|this|that|he|she)\b", "", match["field"]).strip(), noun)
    if field in (noun, w.singular(noun)) and not (
        words and words[-1] in ("state", "status", "stage", "category", "type")
    ):
        named = field if field not in w.VAGUE else ""
        field = _field_of(words[0] if words else "")
        if not field and named in w.ATTRIBUTES | {"status"} and words and words[0] not in ("a", "an", "the"):
            sign = "!=" if match["no"] else "=="
            return Test(f"lower(str({_at(subject, named)})) {sign} {_literal(value)}", named)
        if not field:
            return _named(text, match, subject, named)
    original = text[match.start("value") : match.end("value")].strip()
    if words and words[-1] in ("state", "status", "stage", "category", "type"):
        field, original = words[-1], original.rsplit(" ", 1)[0]
        words = words[:-1]
    if not field:
        field = _field_of(words[0] if words else "")
    if (
        not field
        or not words
        or len(words) > 3
        or words[0] in ("a", "an", "the", "about")
        or {"necessary", "needed", "required", "possible"} & set(words)
    ):
        return None
    sign = "!=" if match["no"] else "=="
    if re.fullmatch(r"-?\d+(?:\.\d+)?", value):
        return Test(f"{_at(subject, field)} {sign} {_plain(value, None)}", field)
    options = [part for part in re.split(r"\s+or\s+", original) if part]
    quick = [f"lower(str({_at(subject, field)})) {sign} {_literal(option.lower())}" for option in options]
    return Test((" and " if match["no"] else " or ").join(quick), field)


def _named(text: str, match: re.Match[str], subject: str, field: str) -> Test | None:
    """``the country is Germany``, of a country: the value itself, or its field of the same name."""
    original = text[match.start("value") : match.end("value")].strip()
    if not field or not original[:1].isupper():
        return None
    value = f"lower(str(get({subject}, {json.dumps(field)}, {subject})))"
    return Test(f"{value} {'!=' if match['no'] else '=='} {_literal(original.lower())}", field)


def _lone(text: str, subject: str) -> Test | None:
    """``urgent`` alone: an adjective that says which field is meant."""
    words = _LEADS.sub("", text + " ").split()
    field = _field_of(words[0]) if len(words) == 1 else ""
    return Test(f"lower(str({_at(subject, field)})) == {json.dumps(words[0])}", field) if field else None


def _field_of(word: str) -> str:
    if re.fullmatch(_LEVEL, word):
        return "priority"
    if word in _STATES:
        return "status"
    return "sentiment" if word in _MOODS else ""


_Reader = Callable[[str, str, str | None, str], Test | None]
_READERS: tuple[_Reader, ...] = (
    _on_day,
    _aged,
    _enough,
    _compared,
    _graded,
    _quoted_field,
    _ended,
    _tagged,
    _starred,
    _with,
    _holds,
    _file,
    _empty,
    _some,
    _origin,
    _is,
)


def _slug(words: str, noun: str) -> str:
    """A field's name from words: ``the value of this`` → ``value``, ``order total`` (of an order) → ``total``."""
    text = _LEADS.sub("", words.lower().strip() + " ").strip()
    text = re.split(r"\s(?:of|in|at|on|from)\s", text)[0].replace("'s ", " ")
    parts = [part for part in re.findall(r"[a-z0-9]+", text) if part not in w.STOP_WORDS]
    parts = [part for part in parts if part not in (noun, w.singular(noun))] or parts
    return "_".join(parts[-3:])[:40].strip("_")


def _literal(value: str) -> str:
    return json.dumps(value.strip().strip("\"'“”‘’"), ensure_ascii=False)


def _at(subject: str, field: str) -> str:
    if field.isidentifier() and not keyword.iskeyword(field):
        return f"{subject}.{field}"
    return f"{subject}[{json.dumps(field, ensure_ascii=False)}]"
