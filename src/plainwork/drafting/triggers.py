"""What starts the agent: a clock, an event of a service, a mail, a form, a chat, a call from outside, or a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plainwork.drafting import words as w
from plainwork.drafting.apps import App, find_apps
from plainwork.drafting.clauses import Act, Cond, Loop, Piece, When
from plainwork.drafting.outline import Statement
from plainwork.drafting.text import Token, Tokens
from plainwork.drafting.verbs import readings


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement and the pieces of its sentence."""

    statement: Statement
    pieces: tuple[Piece, ...]


@dataclass(slots=True)
class Event:
    """What happens that starts a run: of which ``app``, about which thing (``noun``); ``how``: mail, form, chat, web or app."""

    how: str
    noun: str
    app: App | None = None
    words: Tokens = ()
    used: list[Piece] = field(default_factory=list)


_HAPPENS = frozenset(
    "arrive arrives arrived receive receives received create created add added submit submits submitted place placed send sends sent upload uploads "
    "uploaded open opened publish published publishes post posts posted update updated change changes changed push pushed merge merged close closed "
    "delete deleted subscribe subscribes subscribed register registers registered come comes reach reaches fail fails fire fires call calls called mention "
    "mentions mentioned message messages write writes join joins joined buy buys bought pay pays paid book books booked click clicks complete completed "
    "completes detected happens occurs appears land lands starts signs sign made issued assigned moved commented reported fills filled asks requested "
    "released shared saved dropped tagged labeled labelled starred reacts triggered".split()
)
_STATES = frozenset("is are has have was were equals exceeds contains includes over above below under not".split())
_FORM = frozenset("form forms survey questionnaire submission submissions typeform".split())
_CHAT = frozenset("chat chatbot".split())
_WEB = frozenset("webhook webhooks endpoint".split())
_THINGS = frozenset(
    "release releases order orders commit commits push message messages email emails issue issues ticket tickets lead leads "
    "customer customers subscriber subscribers signup submission submissions file files video videos episode post payment payments "
    "invoice invoices deal deals event events request requests review reviews comment comments row rows record records booking "
    "bookings user users member members response responses transaction sale purchase contact contacts task tasks card cards product "
    "products article articles tweet tweets mention mentions alert alerts incident incidents pull pr star appointment meeting "
    "meetings call document documents attachment image photo page pages application applications candidate candidates item items".split()
)


def find_event(readings_: Sequence[Reading], timed: bool) -> Event | None:
    """The event that starts the agent, with the pieces of text that tell it; None when nothing but a person does.

    ``timed``: a schedule was found, so that looking for new things is a step and not an event.
    """
    for reading in readings_:
        event = _told(reading) or (None if timed else _watched(reading))
        if event:
            return event
    if timed:
        return None
    for reading in readings_[:2]:
        event = _implied(reading)
        if event:
            return event
    return _labelled(readings_)


def _told(reading: Reading) -> Event | None:
    """A clause that says outright what the agent is started by."""
    for at, piece in enumerate(reading.pieces):
        before = reading.pieces[:at]
        begins = all(isinstance(other, Act) and other.verb.act in ("begin", "goal", "use") for other in before)
        if isinstance(piece, When) and (begins or _is_event(piece.tokens)) and _happens(piece.tokens):
            around = (*reading.statement.label, *(token for act in before if isinstance(act, Act) and begins for token in act.tokens))
            return _event(piece.tokens, around, [piece, *(before if begins else ())])
        if isinstance(piece, Cond) and piece.kind == "if" and not before and _is_event(piece.tokens) and _new(piece.tokens):
            return _event(piece.tokens, reading.statement.label, [piece])
        if isinstance(piece, Act):
            event = _by_act(piece, reading)
            if event:
                return event
    return None


def _by_act(act: Act, reading: Reading) -> Event | None:
    lowers = {token.lower for token in act.object}
    if act.verb.act == "receive" and not act.goal and act.subject and not lowers & {"notification", "alert"}:
        return _event(act.object, (*reading.statement.label, *act.tokens), [act])
    if act.verb.act == "begin" and act.object and act.verb.lemma in ("listen", "start", "trigger", "run", "begin", "activate"):
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
        if not isinstance(piece, Act) or at > 1 or piece.verb.lemma not in ("check", "monitor", "watch", "track", "poll", "look", "scan", "search"):
            continue
        lowers = [token.lower for token in piece.object]
        seeks_new = "for" in lowers and bool({"new", "incoming", "unread"} & set(lowers))
        reads_mail = w.head_noun(piece.object) in w.MAILS and piece.verb.lemma in ("check", "monitor", "watch")
        if seeks_new or reads_mail:
            return _event(piece.object, (*reading.statement.label, *piece.tokens), [piece])
    return None


def _implied(reading: Reading) -> Event | None:
    """``For every release on GitHub …``, ``Reply to incoming mails``, ``processes new issues``."""
    first = next((piece for piece in reading.pieces if not isinstance(piece, When)), None)
    if isinstance(first, Loop) and not first.trailing and not _gathered(first.tokens):
        if {token.lower for token in first.tokens} & _THINGS and (find_apps(first.tokens) or _new(first.tokens)):
            return _event(first.tokens, first.tokens, [first])
    if isinstance(first, Act):
        lowers = [token.lower for token in first.object]
        if "incoming" in lowers or "inbound" in lowers:
            return _event(first.object, first.object, [])
        fresh = first.verb.act in ("analyse", "classify", "send", "extract", "write", "respond", "update") and _new(first.object[:2])
        if fresh and set(lowers) & _THINGS:
            return _event(first.object, first.object, [])
        if first.verb.lemma in ("read", "fetch") and any(app.app.id == "imap" for app in find_apps(first.tokens)):
            return _event(first.object, first.tokens, [first])
    return None


def _gathered(tokens: Sequence[Token]) -> bool:
    """``each lead retrieved from Salesforce``: the loop says itself where its items come from."""
    return any(verb.form == "ed" and verb.act in ("fetch", "extract", "receive") for token in tokens for verb in readings(token.lower))


def _labelled(readings_: Sequence[Reading]) -> Event | None:
    for reading in readings_:
        label = {token.lower for token in reading.statement.label}
        words = {token.lower for token in reading.statement.tokens}
        if "trigger" in label and not label & {"schedule", "cron", "manual"}:
            return _event((*reading.statement.label, *reading.statement.tokens), reading.statement.label, list(reading.pieces))
        if words & _FORM and words & {"submission", "submissions", "submitted", "submits", "submit"} or "webhook" in words:
            return _event(_until_comma(reading.statement.tokens), reading.statement.label, [])
        if "chatbot" in words or ({"chat", "trigger"} <= words):
            return _event(reading.statement.tokens, reading.statement.tokens, [])
    return None


def _happens(tokens: Sequence[Token]) -> bool:
    return _is_event(tokens) or _new(tokens) or bool(find_apps(tokens)) or bool({t.lower for t in tokens} & (_FORM | _WEB | w.MAILS))


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
    apps = [m.app for m in find_apps(told) if m.app.sort != "model"] or [m.app for m in find_apps(around) if m.app.sort != "model"]
    app = apps[0] if apps else None
    thing = _thing(told)
    how = "app" if app else "web"
    if app and app.sort == "mail" or (app is None and (lowers & w.MAILS or {t.lower for t in around} & {"mailbox", "inbox", "email"})):
        how, thing = "mail", "email"
    elif app and app.sort == "forms" or (lowers & _FORM and (app is None or "form" in lowers)):
        how = "form" if app is None and not lowers & _WEB else "app" if app else "web"
        thing = "submission" if app or lowers & _WEB else "form"
    elif app is None and lowers & _CHAT:
        how, thing = "chat", "message"
    return Event(how, thing, app, tuple(told), used)


def _thing(tokens: Sequence[Token]) -> str:
    apps = {at for mention in find_apps(tokens) for at in range(mention.start, mention.end)}
    plain = [token for at, token in enumerate(tokens) if at not in apps]
    for token in plain:
        if token.lower in _THINGS:
            return w.singular(token.lower)
    for token in plain:
        usable = token.kind == "word" and token.lower not in w.STOP_WORDS | w.ADJECTIVES | _HAPPENS | _STATES
        if usable and token.lower not in _WEB | {"trigger", "node", "workflow", "data", "bot", "someone", "api", "http"}:
            return w.singular(token.lower)
    return "event"
