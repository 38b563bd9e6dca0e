"""How each action is carried out: the step kind and its settings. Only kinds of the catalogue are used; a service that
has none there becomes an ``http`` step whose address and account are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from plainwork.drafting import words as w
from plainwork.drafting.actions import Action
from plainwork.drafting.answers import app_of
from plainwork.drafting.approvals import as_approve
from plainwork.drafting.apps import App
from plainwork.drafting.data import words
from plainwork.drafting.desk import Desk, Filled
from plainwork.drafting.fill_data import as_filter, as_merge, as_transform
from plainwork.drafting.fill_models import as_classify, as_extract, as_llm
from plainwork.drafting.lookup import fill_kind, find_kind, verb_class
from plainwork.drafting.naming import clean, input_name, phrase, url_noun
from plainwork.drafting.parting import rest_of
from plainwork.drafting.text import Tokens, tokenize, words_of
from plainwork.drafting.values import Shape, Value

_METHODS = {"create": "POST", "send": "POST", "update": "PATCH", "delete": "DELETE"}
_VOICE = frozenset(["voice", "call", "phone"])


def fill(desk: Desk, action: Action, step: str) -> Filled:
    """The kind and the settings of an action; ``step`` is the expression name its result will have."""
    filled = _FILLERS[action.do](desk, action, step)
    if filled.uses not in desk.catalogue:
        return (
            Filled("todo", {"text": clean(words_of(action.object)) or action.verb})
            if "todo" in desk.catalogue
            else filled
        )
    return filled


# Services and addresses


def _as_fetch(desk: Desk, action: Action, step: str) -> Filled:
    url = _url(action.words) or _url(action.object)
    gives = _fetched(desk, action, step, url)
    if url and (action.app is None or not action.app.known or action.app.sort == "feed"):
        return Filled("http", {"url": url}, gives)
    loop_url = _item_url(desk, action)
    if loop_url and action.app is None:
        return Filled("http", {"url": loop_url}, gives)
    database = action.app.sort == "database" if action.app else "database" in {t.lower for t in action.object}
    if database and "sql.query" in desk.catalogue and (action.app is None or action.app.connector == "sql"):
        return _query(desk, action, step, write=False)
    if action.app:
        filled = _by_connector(desk, action, action.app, step)
        if filled:
            return filled
    return _asked_http(desk, action, gives)


def _as_call(desk: Desk, action: Action, step: str) -> Filled:
    lowers = {token.lower for token in action.object}
    database = action.app.connector == "sql" if action.app else bool(lowers & {"database", "db", "sql"})
    if database and "sql.query" in desk.catalogue:
        return _query(desk, action, step, write=True)
    if action.app:
        filled = _by_connector(desk, action, action.app, step)
        if filled:
            return filled
    noun = w.singular(w.head_noun(action.object)) or "result"
    return _asked_http(desk, action, Value(f"{step}.body", noun, "data", frozenset((noun,)), aside=True))


def _asked_http(desk: Desk, action: Action, gives: Value | None) -> Filled:
    """An HTTP request whose address is an input."""
    url = _url(action.words)
    method = _METHODS.get(verb_class(action), "GET")
    config: dict[str, object] = {"url": url or _address(desk, action)}
    content = desk.content(action.object)
    sends_data = method in ("POST", "PATCH") or (action.app and action.app.sort in ("media", "model"))
    if sends_data:
        config["method"] = method if method != "GET" else "POST"
        config["json"] = {"data": content or _asked_content(desk, action)}
    elif method == "DELETE":
        config["method"] = method
        if content:
            config["query"] = {"id": content}
    elif desk.item and content:
        config["query"] = {"q": content}
    about = ""
    if action.app:
        about = f"{action.app.name} has no connector of its own here, so this calls its web API directly."
    account = desk.account(action.app) if action.app else None
    return Filled("http", dict(config), gives, account, about)


def _asked_content(desk: Desk, action: Action) -> str:
    """What is written when nothing is at hand: an input, unless the text quotes it."""
    quoted = next((token.value for token in action.object if token.kind == "quoted"), None)
    noun = w.singular(w.head_noun(action.object))
    noun = noun if noun and noun not in w.VAGUE else "content"
    return quoted or desk.ask(input_name(noun), "text", f"What to {action.verb}: {phrase(action.object) or noun}"[:160])


def _text(desk: Desk, action: Action) -> str:
    """A text for a message when nothing was produced before it."""
    quoted = next((token.value for token in action.object if token.kind == "quoted" and len(token.value) > 3), None)
    if quoted:
        return quoted
    lowers = [token.lower for token in action.object]
    if action.verb == "remind" and "to" in lowers[1:-1]:
        return f"Remember to {words_of(action.object[lowers.index('to') + 1 :])}."
    shown = re.sub(r"^(?:me|us|them)\b\s*", "", phrase(action.object))
    noun = w.head_noun(action.object)
    plain = not shown or noun in w.VAGUE | w.MAILS | w.PHONES | w.PEOPLE | {
        "message",
        "notification",
        "alert",
        "reminder",
        "channel",
    }
    if plain and desk.reason:
        return f"{desk.reason[:1].upper()}{desk.reason[1:]}."
    return clean(shown) or "A message of this agent"


def _address(desk: Desk, action: Action) -> str:
    noun = w.head_noun(action.object)
    about = phrase(action.object) or action.verb
    if action.app:
        name = input_name(action.app.id, noun if noun not in w.VAGUE and noun not in action.app.id else "", "url")
        return desk.ask(name, "url", f"Address of the {action.app.name} API to {action.verb} {about}"[:160])
    known = "feed" if "feed" in {t.lower for t in action.object} else noun
    return desk.ask(
        input_name(known if known not in w.VAGUE else "", "url"), "url", f"Address to {action.verb} {about}"[:160]
    )


def _by_connector(desk: Desk, action: Action, app: App, step: str) -> Filled | None:
    kind = find_kind(desk.catalogue, action, app)
    if kind is None:
        return None
    reads = verb_class(action) == "fetch"
    content = None if reads else desk.values.best(action.object, *(("text",) if action.do == "send" else ()))
    config = fill_kind(desk, kind, action, app, content, _text(desk, action))
    account = desk.account(app) if kind.account_required or kind.account else None
    noun = w.head_noun(action.object) or "result"
    listed = next(
        (
            name
            for name, schema in kind.output.get("properties", {}).items()
            if isinstance(schema, dict) and schema.get("type") == "array"
        ),
        None,
    )
    expression, shape = (f"{step}.{listed}", "list") if listed else (step, "data")
    names = frozenset((noun, w.singular(noun), *((listed, w.singular(listed)) if listed else ())))
    gives = None if action.do == "send" else Value(expression, noun, _shape(shape), names, aside=not reads)
    return Filled(kind.id, config, gives, account)


def _shape(text: str) -> Shape:
    return "list" if text == "list" else "data"


def _query(desk: Desk, action: Action, step: str, *, write: bool) -> Filled:
    lowers = [token.lower for token in action.object]
    noun = w.head_noun(action.object) or "rows"
    table = (
        lowers[lowers.index("table") - 1]
        if "table" in lowers[1:] and lowers[lowers.index("table") - 1].isidentifier()
        else noun
    )
    table = (
        re.sub(r"\W+", "_", table if table not in w.VAGUE | {"database", "the"} else "records").strip("_") or "records"
    )
    account = desk.account(action.app) if action.app else None
    if account is None:
        account = "DATABASE"
        desk.secrets.setdefault(account, "The database login")
    if write:
        content = desk.content(action.object) or "{{ run.id }}"
        config = {
            "query": f'insert into "{table}" (data) values ($1::jsonb)',  # noqa: S608 - a name of letters and digits
            "params": [_as_json(content)],
            "write": True,
        }
        desk.assume(
            f"The rows go into a table {table} with one column, data (jsonb). Change the statement to fit your table.",
            step,
        )
    else:
        config = {"query": f'select * from "{table}" limit 100'}  # noqa: S608 - a name of letters and digits
        desk.assume(f"The rows are read from a table {table}. Change the statement to fit your table.", step)
    return Filled(
        "sql.query", config, Value(f"{step}.rows", noun, "list", frozenset((noun, w.singular(noun), "row"))), account
    )


def _as_json(template: str) -> str:
    inner = template.removeprefix("{{").removesuffix("}}").strip()
    return f"{{{{ json({inner}) }}}}" if template.startswith("{{") else template


def _fetched(desk: Desk, action: Action, step: str, url: str | None) -> Value:
    noun = w.head_noun(action.object)
    if url and (not noun or noun in w.VAGUE or noun in ("url", "data", "json")):
        noun = url_noun(url) or noun
    noun = noun.split()[-1] if noun else "data"
    many = w.is_plural(noun)
    names = frozenset(
        (noun, w.singular(noun), *(t.lower for t in action.object if t.kind == "word" and w.is_plural(t.lower)))
    )
    return Value(f"{step}.body", noun, "list" if many else "data", names, noun if many and noun.isidentifier() else "")


def _url(tokens: Tokens) -> str | None:
    return next((token.text for token in tokens if token.kind == "url"), None)


def _item_url(desk: Desk, action: Action) -> str | None:
    """Inside a loop over addresses, the item itself is what is called."""
    if desk.item is None:
        return None
    lowers = {token.lower for token in action.object} | {desk.item}
    return (
        f"{{{{ {desk.item} }}}}"
        if re.search(r"url|link|site|page|address|endpoint", desk.item) or lowers & {"url", "link"}
        else None
    )


# Messages


def _as_send(desk: Desk, action: Action, step: str) -> Filled:
    return _CHANNELS[action.channel](desk, action, step)


def _as_mail(desk: Desk, action: Action, step: str) -> Filled:
    words = (*action.object, *action.words)
    addresses = list(dict.fromkeys(token.text for token in words if token.kind == "email"))
    to: object = addresses[0] if len(addresses) == 1 else addresses
    if not addresses:
        to = _addressee(desk, action) or desk.ask("send_to", "email", f"Who gets the mail{_recipient(action.object)}")
    account = None
    if action.app and action.app.id not in ("smtp", "imap"):
        if (kind := find_kind(desk.catalogue, action, action.app)) is not None:
            content = desk.values.best(action.object, "text")
            return Filled(
                kind.id,
                fill_kind(desk, kind, action, action.app, content, _text(desk, action)),
                None,
                desk.account(action.app),
            )
        account = desk.account(action.app, f"A mailbox at {action.app.name} that may send (SMTP)")
    config = {"to": to, "subject": _subject(desk, action), "body": _body(desk, action)}
    return Filled("email.send", config, None, account)


_THEY = words("addressees")


def _addressee(desk: Desk, action: Action) -> str | None:
    """The address of the person that the item or the event is about: ``mail the customer``."""
    replies = action.verb in ("reply", "respond") or "reply" in {token.lower for token in action.object}
    source = desk.item or desk.payload
    if source is None or not (replies or {token.lower for token in action.object} & _THEY):
        return None
    key = "from" if source == "inputs.email" else "email"
    path = f'{source}["from"]' if key == "from" else f"{source}.{key}"
    desk.assume(f"The address is taken from the field {key} of {source.removeprefix('inputs.')}.")
    return f"{{{{ {path} }}}}"


def _recipient(tokens: Tokens) -> str:
    person = next((token.lower for token in tokens if token.lower in w.PEOPLE and token.lower not in ("me", "us")), "")
    return f" ({person})" if person else ""


def _subject(desk: Desk, action: Action) -> str:
    lowers = [token.lower for token in action.words]
    if "subject" in lowers:
        at = lowers.index("subject")
        quoted = next((token.value for token in action.words[at : at + 4] if token.kind == "quoted"), None)
        if quoted:
            return quoted
    if action.verb in ("reply", "respond") and desk.payload == "inputs.email":
        return "Re: {{ inputs.email.subject }}"
    value = desk.values.best(action.object, "text", "list")
    one = value is not None and value.expression in (desk.item, desk.payload)
    title = clean(re.sub(r"^(?:the|a|an) ", "", _titled(action, value, one))) or "Message"
    return title if one else f"{title} for {{{{ run.date }}}}"


def _titled(action: Action, value: Value | None, one: bool) -> str:
    """What a mail is about: what is sent, in the words that name it; else what the value is called."""
    noun = value.noun if value and value.noun not in ("result", "data", "text") else "message"
    noun = w.singular(noun) if one else value.title or noun if value else noun
    direct = action.verb in ("send", "mail", "email", "e-mail", "share", "forward", "post")
    if not direct or rest_of(action.object) or w.head_noun(action.object) in w.VAGUE | w.MAILS | w.PEOPLE | {"message"}:
        return noun
    shown = re.sub(
        r"^(?:(?:it|them|this|these|me|us|him|her|you|myself|everyone|back)\b\s*)+", "", phrase(action.object)
    )
    shown = re.split(r" (?:to|by|via|with|for|on|using|in) ", f" {shown} ")[0].strip()
    return noun if not shown or shown == "IT" else " ".join(shown.split()[:6])


def _body(desk: Desk, action: Action) -> str:
    content = desk.wording(action.object)
    quoted = next((token.value for token in action.object if token.kind == "quoted" and len(token.value) > 12), None)
    if quoted and "subject" not in {t.lower for t in action.object}:
        return quoted
    return content or _text(desk, action)


def _as_message(desk: Desk, action: Action, step: str) -> Filled:
    app = action.app
    assert app is not None
    filled = _by_connector(desk, action, app, step)
    if filled:
        return filled
    url = desk.ask(
        input_name(app.id, "webhook_url"), "url", f"Address of a {app.name} webhook or bot API that takes the message"
    )
    account = desk.account(app)
    about = f"{app.name} has no connector of its own here, so this calls its web API directly."
    return Filled("http", {"url": url, "method": "POST", "json": {"text": _body(desk, action)}}, None, account, about)


def _as_text_message(desk: Desk, action: Action, step: str) -> Filled:
    lowers = {token.lower for token in action.object} | {action.verb}
    if lowers & _VOICE and action.app:
        return _asked_http(desk, action, None)
    if "sms.send" not in desk.catalogue:
        return _asked_http(desk, action, None)
    number = next((t.text for t in action.words if re.fullmatch(r"\+\d{6,15}", t.text)), None)
    to = number or desk.ask(
        "phone", "text", f"Phone number that gets the text message{_recipient(action.object)}, such as +15551234567"
    )
    account = action.app.account if action.app else "TWILIO"
    desk.secrets.setdefault(account, "The account that sends text messages")
    return Filled("sms.send", {"to": to, "body": _body(desk, action)}, None, account)


def _as_web(desk: Desk, action: Action, step: str) -> Filled:
    method = next((t.text.upper() for t in action.words if t.text in ("PUT", "PATCH", "DELETE", "GET")), "POST")
    url = _url(action.words) or desk.ask("endpoint_url", "url", "Address that the data is sent to")
    content = desk.content(action.object) or clean(phrase(action.object))
    config: dict[str, object] = {"url": url, "method": method}
    if method != "GET":
        config["json"] = content
    return Filled("http", config, Value(f"{step}.body", "response", "data", frozenset(("response", "answer"))))


def _as_unsaid(desk: Desk, action: Action, step: str) -> Filled:
    """A message whose way is not said goes by mail, and the reader is asked."""
    text = phrase(action.object) or "the message"
    answer = desk.question(
        f"How should “{action.verb} {text}” be delivered?",
        "By e-mail",
        "A chat or text message needs another step and another account.",
        step,
    )
    if answer is None or "mail" in answer.lower():
        return _as_mail(desk, action, step)
    app = app_of(answer)
    if app is not None and app.sort == "message":
        return _as_message(desk, replace(action, app=app), step)
    if re.search(r"\b(?:sms|text message|phone|text)\b", answer.lower()):
        return _as_text_message(desk, action, step)
    desk.cannot_use(answer, step)
    return _as_mail(desk, action, step)


_Filler = Callable[[Desk, Action, str], Filled]
_CHANNELS: dict[str, _Filler] = {
    "mail": _as_mail, "message": _as_message, "phone": _as_text_message, "web": _as_web, "app": _as_call, "": _as_unsaid,
}  # fmt: skip


# The rest


def _as_wait(desk: Desk, action: Action, step: str) -> Filled:
    told = _waiting(action.object)
    if told is None:
        answer = desk.question("How long should it wait?", "1 hour", "The next step runs later or sooner.", step)
        told = _waiting(tokenize(answer)) if answer else None
        if answer and told is None:
            desk.cannot_use(answer, step)
    return Filled("wait", {"for": told or "1 hour"})


def _waiting(tokens: Tokens) -> str | None:
    """The duration that the words name."""
    numbers = {"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "five": "5", "ten": "10", "half": "30"}
    for at, token in enumerate(tokens[:-1]):
        amount = numbers.get(token.lower, token.text if token.text.isdigit() else None)
        unit = w.singular(tokens[at + 1].lower)
        if amount and len(amount) < 5 and unit in ("second", "minute", "hour", "day", "week"):
            return f"{amount} {unit}{'s' if amount != '1' else ''}"
    return None


def _as_respond(desk: Desk, action: Action, step: str) -> Filled:
    quoted = next((token.value for token in action.object if token.kind == "quoted"), None)
    literal = phrase(action.object) if _describes(action.object) else ""
    content = quoted or desk.content(action.object) or literal
    named = desk.values.named(action.object)
    body: object = (
        content
        if quoted or named or not literal
        else {"message": literal, "result": content}
        if content != literal
        else literal
    )
    return Filled("respond", {"body": body or {"ok": True}})


def _describes(tokens: Tokens) -> bool:
    return len(tokens) > 2 and tokens[0].lower in ("a", "an")


def _as_media(desk: Desk, action: Action, step: str) -> Filled:
    if action.app and (filled := _by_connector(desk, action, action.app, step)):
        return filled
    lowers = {token.lower for token in action.object}
    kind = (
        "image"
        if lowers & w.PICTURES
        else "audio"
        if lowers & w.SOUNDS
        else "video"
        if lowers & w.FILMS
        else "document"
    )
    noun = w.head_noun(action.object) or kind
    if action.app:
        url, account = _address(desk, action), desk.account(action.app)
    else:
        url = desk.ask(f"{kind}_api_url", "url", f"Address of the API that makes the {kind}")
        account = f"{kind.upper()}_API"
        desk.secrets.setdefault(account, f"The service that makes the {kind}")
    config = {
        "url": url,
        "method": "POST",
        "json": {"prompt": desk.content(action.object, "text") or phrase(action.object)},
    }
    gives = Value(f"{step}.body", noun, "data", frozenset((noun, kind, "file")))
    return Filled(
        "http", config, gives, account, f"Language models write text only, so another service makes the {kind}."
    )


def _as_open(desk: Desk, action: Action, step: str) -> Filled:
    return Filled("todo", {"text": words_of(action.object)[:500]})


_FILLERS: dict[str, _Filler] = {
    "fetch": _as_fetch, "call": _as_call, "send": _as_send, "llm": as_llm, "classify": as_classify, "extract": as_extract,
    "filter": as_filter, "transform": as_transform, "merge": as_merge, "wait": _as_wait, "approve": as_approve,
    "respond": _as_respond, "media": _as_media, "open": _as_open,
}  # fmt: skip
