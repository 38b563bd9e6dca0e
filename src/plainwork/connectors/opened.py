"""An opened credential, checked against what its connector declares; and the texts in it that must never come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from plainwork.connectors.declared import Account, Connector
from plainwork.connectors.shapes import problem_in
from plainwork.errors import CallFailed
from plainwork.net import Response

HIDDEN = b"[secret]"
TOKEN = "access_token"  # noqa: S105 - the name of a field
"""The field of an account that is a connection."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_SHORTEST_HIDDEN = 6  # shorter texts are no secrets, and hiding them would riddle an answer with holes


@dataclass(slots=True)
class Opened:
    """An account's fields. ``open`` are those that may appear in requests' templates; ``secrets`` are hidden wherever
    they come back."""

    fields: Mapping[str, Any] = field(repr=False)
    open: Mapping[str, Any]
    secrets: list[str] = field(default_factory=list, repr=False)

    def text(self, name: str) -> str:
        """A field as text; empty when it is not filled in."""
        value = self.fields.get(name)
        return "" if value is None else str(value)

    @property
    def token(self) -> str:
        """The token, where the account is a connection; else empty."""
        return self.text(TOKEN)

    def renew(self, given: Mapping[str, Any]) -> None:
        """Takes the newer token of the same connection."""
        self.fields = given
        self.secrets.append(self.token)

    def hide(self, response: Response) -> Response:
        """The response without the account's secrets, should the other side have repeated them."""
        body, headers = response.body, response.headers
        for secret in self.secrets:
            body = body.replace(secret.encode(), HIDDEN)
            if any(secret in value for value in headers.values()):
                headers = {name: value.replace(secret, HIDDEN.decode()) for name, value in headers.items()}
        return (
            response
            if body is response.body and headers is response.headers
            else replace(response, body=body, headers=headers)
        )

    def hide_text(self, text: str) -> str:
        """A text without the account's secrets."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN.decode())
        return text


def open_account(connector: Connector, given: Mapping[str, Any] | None) -> Opened:
    """The account as this connector reads it. A secret of one bare text (``{"value": …}``) fills the main field.

    Raises CallFailed (auth) when one is needed and none is given, or when its fields are not what was declared.
    """
    declared = connector.account
    if declared is None:
        return Opened({}, {})
    if not given:
        if declared.required:
            raise CallFailed(
                f"{connector.title} needs an account.",
                failure="auth",
                next_step=f"Store a {declared.kind} secret{_or_connect(connector)} and name it in the step with `account:`.",
            )
        return Opened(_NOTHING, _closed(tuple(_names(declared))))
    fields = dict(given)
    if TOKEN in fields and connector.auth.connect is not None:
        return Opened(fields, _closed(tuple(_names(declared))), [str(fields[TOKEN])])
    if set(fields) == {"value"} and declared.main and "value" not in _names(declared):
        fields = {declared.main: fields["value"]}
    problem = problem_in(declared.fields, fields, "account")
    if problem:
        raise CallFailed(
            f"The account for {connector.title} is not filled in correctly: {problem}.",
            failure="auth",
            next_step=f"A {declared.kind} secret has the fields {', '.join(_names(declared))}.",
        )
    properties = declared.fields.get("properties", {})
    hidden = {name for name, schema in properties.items() if schema.get("x-secret")}
    secrets = [str(fields[name]) for name in hidden if len(str(fields.get(name) or "")) >= _SHORTEST_HIDDEN]
    return Opened(fields, {name: fields.get(name) for name in properties if name not in hidden}, secrets)


def _or_connect(connector: Connector) -> str:
    return f" or connect {connector.title}" if connector.auth.connect is not None else ""


@lru_cache(maxsize=256)
def _closed(names: tuple[str, ...]) -> Mapping[str, Any]:
    """The fields of no account; shared by all the steps that have none."""
    return MappingProxyType(dict.fromkeys(names))


def _names(account: Account) -> list[str]:
    return list(account.fields.get("properties", {}))
