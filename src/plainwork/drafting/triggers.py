"""What starts the agent: a clock, an event of a service, a mail, a form, a chat, a call from outside, or a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.clauses import Act, Cond, Loop, Piece, Unread, When
from plainwork.drafting.data import words
from plainwork.drafting.heads import BE
from plainwork.drafting.outline import Statement
from plainwork.drafting.places import names_repo
from plainwork.drafting.text import Token, Tokens, find_words
from plainwork.drafting.verbs import readings


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement and the pieces of its sentence."""

    statement: Statement
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Event:
    """What starts a run: of which ``app``, about which thing (``noun``); ``how``: mail, form, chat, web, watch or app."""

    how: str
    noun: str
    app: App | None = None
    words: Tokens = ()
    used: list[Piece] = field(default_factory=list)


_HAPPENS = words("event_verbs")
_STATES = words("state_words")
_FORM = frozenset(["form", "forms", "survey", "questionnaire", "submission", "submissions", "typeform"])
_CHAT = frozenset(["chat", "chatbot"])
_WEB = frozenset(["webhook", "webhooks", "endpoint"])
_CODE_THINGS = frozenset(
    (
        "star",
        "fork",
        "repo",
        "repository",
        "branch",
        "tag",
        "issue",
        "bug",
        "pull request",
        "pr",
        "discussion",
        "commit",
        "release",
        "push",
        "comment",
        "pull",
    )
)
_HAPPENINGS = words("happenings")
_THINGS = words("event_things")


def find_event(readings_: Sequence[Reading], timed: bool, home: App | None = None) -> Event | None:
    """The event that starts the agent, with the pieces of text that tell it; None when nothing but a person does.

    ``timed``: a schedule was found, so that looking for new things is a step and not an event. ``home``: where the issues
    and pull requests live that the text speaks of.
    """
    for at, reading in enumerate(readings_):
        opens = not at and not timed
        event = _told(reading, _chooses(readings_, at), opens) or (None if timed else _watched(reading))
        if event:
            return _at_home(event, home)
    if timed:
        return None
    for reading in readings_[:2]:
        event = _bot_of(reading.statement.tokens) or _implied(reading) or (_on_code(reading, home) if home else None)
        if event:
            return _at_home(event, home)
    return _labelled(readings_)


def _at_home(event: Event, home: App | None) -> Event:
    """An issue or a pull request whose place is not said is where the text is at home."""
    if home and event.app is None and event.how == "web" and event.noun in _CODE_THINGS:
        event.how, event.app = "app", home
    return event


def _on_code(reading: Reading, home: App) -> Event | None:
    """``Reviews pull requests``: each new one starts a run."""
    works = ("analyse", "classify", "write", "respond", "update", "extract", "check")
    for piece in reading.pieces[:2]:
        if isinstance(piece, Act) and piece.verb.act in works:
            lowers = {w.singular(token.lower) for token in piece.object}
            for thing in ("comment", "pull request", "pr", "issue", "discussion", "commit", "release"):
                if set(thing.split()) <= lowers:
                    return Event("app", "pull request" if thing == "pr" else thing, home, piece.object)
    return None


def _chooses(readings_: Sequence[Reading], at: int) -> bool:
    """Whether an ``otherwise`` follows, so that an ``if`` is a choice and no event."""
    near = (*readings_[at].pieces, *(readings_[at + 1].pieces[:1] if at + 1 < len(readings_) else ()))
    return any(isinstance(piece, Cond) and piece.kind == "else" for piece in near)


def _told(reading: Reading, chooses: bool, opens: bool) -> Event | None:
    """A clause that says outright what the agent is started by. ``opens``: nothing was read before that ``if`` could be
    about."""
    for at, piece in enumerate(reading.pieces):
        before = reading.pieces[:at]
        if isinstance(piece, Unread) and not at and _new(piece.tokens[:2]) and _is_event(piece.tokens):
            return _event(piece.tokens, reading.statement.label, [piece])
        begins = all(
            isinstance(other, Unread) or (isinstance(other, Act) and other.verb.act in ("begin", "goal", "use"))
            for other in before
        )
        if (
            isinstance(piece, When)
            and (begins or _is_event(piece.tokens) or _there_is(piece.tokens))
            and _happens(piece.tokens)
        ):
            around = (
                *reading.statement.label,
                *(token for act in before if isinstance(act, Act) and begins for token in act.tokens),
            )
            return _event(piece.tokens, around, [piece, *(before if begins else ())])
        if (
            isinstance(piece, Cond)
            and piece.kind == "if"
            and not (before or chooses)
            and _is_event(piece.tokens)
            and (_new(piece.tokens) or (opens and _somewhere(piece.tokens)))
        ):
            return _event(piece.tokens, reading.statement.label, [piece])
        if isinstance(piece, Act):
            event = _by_act(piece, reading)
            if event:
                return event
    return None


def _there_is(tokens: Tokens) -> bool:
    """``there is a new entry in …``."""
    return bool(tokens) and tokens[0].lower == "there" and _new(tokens)


def _somewhere(tokens: Tokens) -> bool:
    """``a pull request is opened on acme/api``, ``somebody posts in r/python``: one that was not spoken of, and where."""
    one = tokens[0].lower in ("a", "an", "any", "someone", "somebody", "anyone", "anybody")
    return one and (bool(find_apps(tokens)) or names_repo(tokens))


def _by_act(act: Act, reading: Reading) -> Event | None:
    lowers = {token.lower for token in act.object}
    told = act.subject or (lowers & (_WEB | w.MAILS) and not act.goal)
    if act.verb.act == "receive" and not act.goal and told and not lowers & {"notification", "alert"}:
        return _event(act.object, (*reading.statement.label, *act.tokens), [act])
    if act.verb.lemma == "wait" and len(act.object) > 2 and act.object[0].lower == "for" and not act.subject:
        thing = lowers & _THINGS and not lowers & {
            "approval",
            "review",
            "response",
            "reply",
            "seconds",
            "minutes",
            "hours",
        }
        if thing and (find_apps(act.object) or _new(act.object)):
            return _event(act.object, reading.statement.label, [act])
    if (
        act.verb.act == "begin"
        and act.object
        and act.verb.lemma in ("listen", "start", "trigger", "run", "begin", "activate")
    ):
        told = act.passive or act.verb.lemma in ("listen", "start", "begin") or lowers & {"on", "when", "by"}
        things = lowers & (_THINGS | _FORM | _CHAT | _WEB | w.MAILS) or find_apps(act.object)
        if told and things and not lowers & {"cron", "schedule", "manually"}:
            return _event(act.object, (*reading.statement.label, *act.tokens), [act])
    if "trigger" in act.goal or (act.verb.lemma == "use" and lowers & {"trigger", "webhook"}):
        return _event((*act.tool, *act.object), (*reading.statement.label, *act.tokens), [act])
    return None


def _watched(reading: Reading) -> Event | None:
    """``check the inbox for new mails``, ``watch a folder for new files``: looking for what is new."""
    for at, piece in enumerate(reading.pieces):
        if (
            not isinstance(piece, Act)
            or at > 1
            or piece.verb.lemma not in ("check", "monitor", "watch", "track", "poll", "look", "scan", "search")
        ):
            continue
        lowers = [token.lower for token in piece.object]
        seeks_new = "for" in lowers and bool({"new", "incoming", "unread"} & set(lowers))
        reads_mail = w.head_noun(piece.object) in w.MAILS and piece.verb.lemma in ("check", "monitor", "watch")
        if seeks_new or reads_mail:
            return _event(piece.object, (*reading.statement.label, *piece.tokens), [piece])
        if piece.verb.lemma in ("monitor", "watch", "track", "poll"):
            event = _event(piece.object, (*reading.statement.label, *piece.tokens), [piece])
            pushed = event.app is not None and event.app.push
            return (
                event
                if pushed or event.how in ("mail", "chat", "form")
                else Event("watch", event.noun, event.app, piece.object)
            )
    return None


def _implied(reading: Reading) -> Event | None:
    """``For every release on GitHub …``, ``Reply to incoming mails``, ``processes new issues``."""
    first = next((piece for piece in reading.pieces if not isinstance(piece, When)), None)
    if isinstance(first, Loop) and not first.trailing and not _gathered(first.tokens):
        words = {w.singular(token.lower) for token in first.tokens}
        if (words & _HAPPENINGS and find_apps(first.tokens)) or (words & _THINGS and _new(first.tokens)):
            return _event(first.tokens, first.tokens, [first])
    if isinstance(first, Act):
        spoken = _opening(reading) or _carried(first) or _spoken_to(first)
        if spoken:
            return spoken
        lowers = [token.lower for token in first.object]
        if "sent" in lowers:
            behind = first.object[lowers.index("sent") :]
            app = next((mention.app for mention in find_apps(behind) if mention.app.sort == "message"), None)
            if app:
                return Event("app", "message", app, first.object)
        if "incoming" in lowers or "inbound" in lowers:
            return _event(first.object, first.object, [])
        fresh = first.verb.act in ("analyse", "classify", "send", "extract", "write", "respond", "update") and _new(
            first.object[:2]
        )
        if fresh and set(lowers) & _THINGS:
            return _event(first.object, first.object, [])
        if first.verb.lemma in ("read", "fetch") and any(app.app.id == "imap" for app in find_apps(first.tokens)):
            return _event(first.object, first.tokens, [first])
    return None


def _carried(act: Act) -> Event | None:
    """``New bookings are added to HubSpot``, ``Save new photos to Dropbox``."""
    if act.passive and _new(act.subject[:2]) and {token.lower for token in act.subject} & _THINGS:
        return _event(act.subject, act.subject, [])
    fresh = find_words(act.object, "every new", "each new")
    if fresh is not None and find_apps(act.object[fresh:]):
        return _event(act.object[fresh:], act.object[fresh:], [])
    return _event(act.object, act.object, []) if _moves_new(act) else None


def _bot_of(tokens: Tokens) -> Event | None:
    """``a bot for WhatsApp that …``, ``Telegram bot that …``: the service in which it is spoken to."""
    end = next((at for at, token in enumerate(tokens[:14]) if token.lower in ("that", "which", "who")), 0)
    opening = tokens[:end]
    bot = {"bot", "chatbot", "assistant"} & {token.lower for token in opening}
    app = next((m.app for m in find_apps(opening) if m.app.sort == "message" and bot), None)
    return Event("app", "message", app, tokens) if app else None


def _opening(reading: Reading) -> Event | None:
    """``A new employee is added in BambooHR, so …``: what has happened when the rest is done."""
    first = reading.pieces[0] if len(reading.pieces) > 1 else None
    if not isinstance(first, Act) or not first.passive or not first.subject or first.modal:
        return None
    one = first.subject[0].lower in ("a", "an") and _new(first.subject[:2]) and not find_apps(first.subject)
    return _event((*first.subject, *first.object), first.tokens, [first]) if one else None


def _moves_new(act: Act) -> bool:
    """``Save new Instagram photos to Dropbox``: each new one of a service goes to another one."""
    carries = act.verb.act in ("store", "send") or act.verb.lemma in ("add", "log", "append", "record", "copy")
    apart = len({mention.app.id for mention in find_apps(act.object)}) > 1
    return carries and apart and _new(act.object[:1]) and w.is_plural(w.head_noun(act.object))


def _spoken_to(act: Act) -> Event | None:
    """``an assistant that answers questions in Slack``: a message starts it."""
    lowers = {token.lower for token in act.object}
    talks = act.verb.lemma in ("answer", "reply", "respond", "chat") and (
        lowers & {"question", "questions", "messages", "users", "customers", "inquiries"} or not lowers
    )
    if not talks:
        return None
    app = next((mention.app for mention in find_apps(act.tokens) if mention.app.sort == "message"), None)
    return Event("app" if app else "chat", "message", app, act.object)


def _gathered(tokens: Sequence[Token]) -> bool:
    """``each lead retrieved from Salesforce``: the loop says itself where its items come from."""
    return any(
        verb.form == "ed" and verb.act in ("fetch", "extract", "receive")
        for token in tokens
        for verb in readings(token.lower)
    )


def _labelled(readings_: Sequence[Reading]) -> Event | None:
    for reading in readings_:
        label = {token.lower for token in reading.statement.label}
        words = {token.lower for token in reading.statement.tokens}
        if "trigger" in label and not label & {"schedule", "cron", "manual"}:
            return _event(
                (*reading.statement.label, *reading.statement.tokens), reading.statement.label, list(reading.pieces)
            )
        if (
            words & _FORM and words & {"submission", "submissions", "submitted", "submits", "submit"}
        ) or "webhook" in words:
            return _event(_until_comma(reading.statement.tokens), reading.statement.label, [])
        if "chatbot" in words or ({"chat", "trigger"} <= words):
            return _event(reading.statement.tokens, reading.statement.tokens, [])
    return None


def _happens(tokens: Sequence[Token]) -> bool:
    return (
        _is_event(tokens)
        or _new(tokens)
        or bool(find_apps(tokens))
        or bool({t.lower for t in tokens} & (_FORM | _WEB | w.MAILS))
        or (tokens[0].lower in ("each", "every") and bool({t.lower for t in tokens} & _THINGS))
    )


def _is_event(tokens: Sequence[Token]) -> bool:
    lowers = [token.lower for token in tokens]
    for at, word in enumerate(lowers):
        if word in _HAPPENS and at > 0:
            state = lowers[at - 1] in ("not", "never")
            return not state
    return False


def _new(tokens: Sequence[Token]) -> bool:
    return any(token.lower in ("new", "incoming", "newly", "inbound") for token in tokens)


def _until_comma(tokens: Sequence[Token]) -> Sequence[Token]:
    for at, token in enumerate(tokens):
        if token.text == ",":
            return tokens[:at]
    return tokens


def _event(told: Sequence[Token], around: Sequence[Token], used: list[Piece]) -> Event:
    """The event that the words ``told`` describe; ``around``: where else its app may stand."""
    lowers = {token.lower for token in told}
    apps = [m.app for m in find_apps(told) if m.app.sort != "model"] or [
        m.app for m in find_apps(around) if m.app.sort != "model"
    ]
    behind = _behind_new(told)
    app = next((mention.app for mention in find_apps(behind) if mention.app.sort != "model"), apps[0] if apps else None)
    thing = _thing(told)
    how = "app" if app else "web"
    if (app and app.sort == "mail") or (
        app is None and (lowers & w.MAILS or {t.lower for t in around} & {"mailbox", "inbox", "email"})
    ):
        how, thing = "mail", "email"
    elif (app and app.sort == "forms") or (lowers & _FORM and (app is None or "form" in lowers)):
        how = "form" if app is None and not lowers & _WEB else "app" if app else "web"
        thing = "submission" if app or lowers & _WEB else "form"
    elif app is None and lowers & _CHAT:
        how, thing = "chat", "message"
    return Event(how, thing, app, tuple(told), used)


def _behind_new(tokens: Sequence[Token]) -> Sequence[Token]:
    for at, token in enumerate(tokens):
        if token.lower in ("new", "incoming", "newly", "inbound"):
            return tokens[at + 1 :]
    return ()


def _thing(tokens: Sequence[Token]) -> str:
    apps = {at for mention in find_apps(tokens) for at in range(mention.start, mention.end)}
    plain = [token for at, token in enumerate(tokens) if at not in apps]
    lowers = [token.lower for token in plain]
    fresh = next((word for word in ("new", "incoming", "newly") if word in lowers), None)
    if fresh:
        noun = w.head_noun(plain[lowers.index(fresh) + 1 :])
        if noun and noun not in _HAPPENS - _THINGS and noun.isascii():
            return w.singular(noun)
    if set(lowers) & {"writes", "asks"} and not find_apps(tokens):
        return "message"
    for token in plain:
        if token.lower in _THINGS:
            return w.singular(token.lower)
    for token in plain:
        usable = token.kind == "word" and token.lower not in w.STOP_WORDS | BE | w.ADJECTIVES | _HAPPENS | _STATES
        if usable and token.lower not in _WEB | {
            "trigger",
            "node",
            "workflow",
            "data",
            "bot",
            "someone",
            "api",
            "http",
        }:
            return w.singular(token.lower)
    if set(lowers) & _WEB:
        return "request"
    happening = next((token.lower for token in plain if token.lower in _HAPPENS and token.lower not in BE), "")
    return w.singular(happening) or "event"
