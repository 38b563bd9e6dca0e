"""The connectors as declared: one YAML file each, checked against these shapes when it is read.

Reading is all that happens here: no network and no code of a connector. ``docs/connectors.md`` explains the format.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeVar

import jmespath
import msgspec
import yaml
from jmespath.exceptions import JMESPathError
from msgspec import field

from plainwork.errors import FailureKind
from plainwork.spec.kinds import Kind
from plainwork.spec.model import Part

AuthMethod = Literal["none", "any", "bearer", "basic", "header", "query", "path", "oauth2"]


class Account(Part, frozen=True, kw_only=True):
    """The credential a connector takes. ``fields`` is the JSON Schema of the opened secret (``"x-secret": true``
    marks what must never be shown); ``main`` is the field that a secret of one bare text fills; ``example`` serves
    the tests."""

    kind: str
    about: str = ""
    required: bool = False
    main: str | None = None
    fields: dict[str, Any] = field(default_factory=lambda: {"type": "object"})
    example: dict[str, Any] = field(default_factory=dict)


class OAuth(Part, frozen=True, kw_only=True):
    """How an account of the connector is connected with OAuth 2 (RFC 6749), so that nobody copies tokens.

    ``grant``: a person agrees at ``authorize_url``, or the app speaks for itself. ``scopes``: what is asked for unless
    whoever connects says otherwise, joined with ``separator``. ``pkce``: RFC 7636. ``client``: the app's id and secret go
    into the header (``basic``) or the body (``post``) of what is sent to ``token_url``, which is a ``form`` or ``json``.
    ``revoke_url``: RFC 7009. ``parameters`` are added to the authorize URL. ``whose``: JMESPath into the token's answer
    to the name of the account. ``about``: where an app is registered.
    """

    token_url: str
    authorize_url: str = ""
    revoke_url: str = ""
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"
    scopes: tuple[str, ...] = ()
    separator: str = " "
    pkce: bool = True
    client: Literal["basic", "post"] = "post"
    encoding: Literal["form", "json"] = "form"
    parameters: dict[str, str] = field(default_factory=dict)
    whose: str = ""
    about: str = ""


class Auth(Part, frozen=True, kw_only=True):
    """How the credential enters a request; every other value names a field of the account.

    ``bearer``/``header``/``query``/``path``: ``value`` is the field, ``name`` the header or parameter, ``prefix`` goes
    before it (``path`` puts it before the request's path). ``basic``: ``username`` and ``password``. ``oauth2``: a
    token is fetched from ``token_url`` with ``client_id`` and ``client_secret`` and kept while it lives. ``any``: by
    what is filled in. With ``connect``, an account can also be a connection, whose token goes as ``bearer`` does.
    """

    method: AuthMethod = "none"
    value: str = "token"
    name: str = "Authorization"
    prefix: str = ""
    username: str = "username"
    password: str = "password"  # noqa: S105 - the name of a field
    token_url: str = ""
    client_id: str = "client_id"
    client_secret: str = "client_secret"  # noqa: S105 - the name of a field
    scope: str = ""
    connect: OAuth | None = None


class FailureRule(Part, frozen=True, kw_only=True):
    """``when``: JMESPath over ``{status, headers, body}``; the first rule that holds says how the call failed."""

    when: str
    failure: FailureKind
    message: str | None = None


class Failures(Part, frozen=True, kw_only=True):
    """``message``: JMESPath to the other side's own words; ``rules`` go before what the status says."""

    message: str | None = None
    rules: tuple[FailureRule, ...] = ()


class Template(Part, frozen=True, kw_only=True):
    """A request: strings may hold ``{{ }}`` over the step's configuration, ``input``, and the account's open fields.

    ``path`` is joined to the base URL, what is put into it is percent-encoded. A value that comes out as null is left
    out.
    """

    path: str
    method: str = "GET"
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    json: Any = None
    form: dict[str, Any] | None = None


class Paging(Part, frozen=True, kw_only=True):
    """How the next page is asked for. ``items``: JMESPath to a page's list (a trigger has its own). ``next``: JMESPath to
    the cursor that goes into the query parameter (or with ``into: json`` the body key) ``query``; ``link: true`` follows
    the Link header instead. ``size`` is the page-size parameter and ``most`` the largest page; ``limit`` names the input
    that says how many in all."""

    items: str = "@"
    next: str | None = None
    query: str | None = None
    into: Literal["query", "json"] = "query"
    link: bool = False
    size: str | None = None
    most: int = 100
    limit: str = "limit"


class Exchange(Part, frozen=True, kw_only=True):
    """One request as it must look on the wire and the answer to it; the example, run by the tests. A trigger's second one
    is its second poll."""

    request: dict[str, Any]
    response: dict[str, Any]


class Connector(Part, frozen=True, kw_only=True):
    """One connector file. ``shared`` only holds YAML anchors. ``code`` names the module that performs it instead of the
    HTTP engine."""

    id: str
    title: str
    about: str = ""
    code: str | None = None
    base_url: str | None = None
    hosts: tuple[str, ...] = ()
    account: Account | None = None
    auth: Auth = Auth()
    headers: dict[str, str] = field(default_factory=dict)
    failures: Failures = Failures()
    shared: Any = None
    actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    triggers: dict[str, dict[str, Any]] = field(default_factory=dict)


class Action(Part, frozen=True, kw_only=True):
    """One action: its kind, and for the HTTP engine the request it makes."""

    kind: Kind
    connector: Connector
    request: Template | None = None
    paging: Paging | None = None
    result: str | None = None
    exchange: tuple[Exchange, ...] = ()


class Trigger(Part, frozen=True, kw_only=True):
    """One thing that can be new, found by asking again and again. ``kind.output`` is the schema of one item.

    For the HTTP engine, ``items`` is the JMESPath from an answer to its items as runs see them, listed with the ``newest``
    first or last; ``key``, from an item, is what tells it apart from others (without one: all that is in it); ``order``,
    from an item, is what grows from each to the next one (a time, a number). The greatest met so far is ``cursor`` in the
    request's templates, null in the first poll; ``mark`` takes it from the answer where the items do not say it.
    ``polled_at`` is there too: the time of the poll (ISO 8601). ``table``: the items are lists of cells; the setting of this
    name says whether the first of them names the fields of the others.
    """

    kind: Kind
    connector: Connector
    request: Template | None = None
    paging: Paging | None = None
    items: str = "@"
    newest: Literal["first", "last"] = "first"
    key: str | None = None
    order: str | None = None
    mark: str | None = None
    table: str | None = None
    exchange: tuple[Exchange, ...] = ()


class Declared(Part, frozen=True, kw_only=True):
    """What one connector file declares."""

    connector: Connector
    actions: tuple[Action, ...]
    triggers: tuple[Trigger, ...]


T = TypeVar("T", Action, Trigger)
_OF_ACTIONS = ("request", "paging", "result", "exchange")
_OF_TRIGGERS = ("request", "paging", "items", "newest", "key", "order", "mark", "table", "exchange")


def read(text: str, name: str) -> Declared:
    """What a connector file declares. Raises ValueError naming the file and the path of what is wrong."""
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        connector = msgspec.convert(yaml.load(text, loader), Connector)  # noqa: S506 - a safe loader
        _let_move(connector)
        return Declared(
            connector=connector,
            actions=tuple(_of(connector, key, given, Action, _OF_ACTIONS) for key, given in connector.actions.items()),
            triggers=tuple(_trigger(connector, key, given) for key, given in connector.triggers.items()),
        )
    except (yaml.YAMLError, msgspec.ValidationError, JMESPathError) as error:
        raise ValueError(f"connector {name}: {error}") from error


def _let_move(connector: Connector) -> None:
    """Adds the fields by which an account sends a connector to a proxy or a server of one's own."""
    if connector.account is None or connector.base_url is None:
        return
    properties = connector.account.fields.setdefault("properties", {})
    about = "Only for a proxy or a server of one's own"
    properties.setdefault("base_url", {"type": "string", "title": "Address", "description": about})
    if connector.auth.method == "oauth2":
        properties.setdefault("token_url", {"type": "string", "title": "Token address", "description": about})


def _of(connector: Connector, key: str, given: dict[str, Any], type_: type[T], own_keys: tuple[str, ...]) -> T:
    of_kind = {name: value for name, value in given.items() if name not in own_keys}
    of_kind.setdefault("id", f"{connector.id}.{key}")
    of_kind.setdefault("hosts", connector.hosts)
    if connector.account:
        of_kind.setdefault("account", connector.account.kind)
        of_kind.setdefault("account_required", connector.account.required)
    own = {name: given[name] for name in own_keys if name in given}
    return msgspec.convert(own | {"kind": msgspec.convert(of_kind, Kind), "connector": connector}, type_)


def _trigger(connector: Connector, key: str, given: dict[str, Any]) -> Trigger:
    trigger = _of(connector, key, {"effect": "read"} | given, Trigger, _OF_TRIGGERS)
    for path in (trigger.items, trigger.key, trigger.order, trigger.mark):
        if path is not None:
            jmespath.compile(path)
    if connector.code is None and trigger.request is None:
        raise msgspec.ValidationError(f"`{trigger.kind.id}` says no `request`")
    if trigger.paging is not None and trigger.order is None:
        raise msgspec.ValidationError(f"`{trigger.kind.id}` has pages, and no `order` that says where to stop")
    return trigger


@cache
def _files() -> tuple[Declared, ...]:
    folder = resources.files(__package__).joinpath("catalog")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return tuple(read(file.read_text(encoding="utf-8"), file.name) for file in files)


@cache
def actions() -> dict[str, Action]:
    """Every declared action by kind id, in the order of the files' names. Raises ValueError when two share an id."""
    return _by_id(action for file in _files() for action in file.actions)


@cache
def triggers() -> dict[str, Trigger]:
    """Every declared trigger by kind id, likewise."""
    return _by_id(trigger for file in _files() for trigger in file.triggers)


def _by_id(declared: Iterable[T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for one in declared:
        if one.kind.id in found:
            raise ValueError(f"connector {one.connector.id}: {one.kind.id} is declared twice")
        found[one.kind.id] = one
    return found


@cache
def connectable() -> dict[str, Connector]:
    """The connectors whose accounts can be connected with OAuth, by id."""
    found = {action.connector.id: action.connector for action in actions().values()}
    return {key: connector for key, connector in found.items() if connector.auth.connect is not None}


def accounts() -> dict[str, Account]:
    """Every kind of credential that some connector takes, by its name (``smtp``, ``reddit``)."""
    return {account.kind: account for file in _files() if (account := file.connector.account)}


def takers() -> dict[str, list[Connector]]:
    """The connectors that take each kind of credential, by its name."""
    found: dict[str, list[Connector]] = {}
    for file in _files():
        if file.connector.account:
            found.setdefault(file.connector.account.kind, []).append(file.connector)
    return found
