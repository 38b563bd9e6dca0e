"""The one error family, split by whose fault it is.

::

    PlainworkError              message for people, next step, place (line, node, field)
    ├── Rejected                the caller can mend it (HTTP 4xx)
    │   ├── Invalid             carries findings (422)
    │   ├── NotFound            (404)
    │   ├── Conflict            (409)
    │   │   └── NotReady        a version does not meet what going live takes; carries findings
    │   ├── Forbidden           (403)
    │   │   └── EnrolmentNeeded the workspace asks for a second factor, and the person has none
    │   ├── SignInNeeded        (401)
    │   │   └── CodeNeeded      the password is right, and a code of the second factor is missing or wrong
    │   ├── LimitReached        (429)
    │   └── BudgetExceeded      (402)
    ├── Unavailable             something outside failed; trying again may help (503)
    │   └── ConnectionExpired   a credential no longer works; the run waits for its owner
    └── CallFailed              one outbound call failed, classified for the planner: retry | auth | rejected

Anything else that is raised is a bug of ours: the edge answers 500 with an id under which it was logged.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

FailureKind = Literal["retry", "auth", "rejected", "timeout"]


class Where(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in a document: 1-based line and column, node id, field path (``with.url``)."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    node: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        spot = f"line {self.line}" if self.line is not None else ""
        named = ", ".join(p for p in (spot, self.node and f"step {self.node}", self.field) if p)
        return f"{self.file}: {named}" if self.file and named else (self.file or named)


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a check found: what is wrong, where, and what to do next.

    ``code`` is a stable kebab-case name (``unknown-kind``); ``line`` and ``column`` are 1-based positions in
    the markdown, when there is one; ``node`` is a step id; ``field`` a dotted path inside the step.
    """

    code: str
    message: str
    severity: Literal["error", "warning"] = "error"
    next_step: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    node: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        where = str(Where(line=self.line, node=self.node, field=self.field))
        return f"{where + ': ' if where else ''}{self.message}{' ' + self.next_step if self.next_step else ''}"


class PlainworkError(Exception):
    """Everything Plainwork raises on purpose. The message says what happened; ``next_step`` what to do."""

    status: ClassVar[int] = 500

    def __init__(self, message: str, *, next_step: str | None = None, where: Where | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.where = where

    @property
    def code(self) -> str:
        """The class name: the stable word programs match on."""
        return type(self).__name__

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.message}{' ' + self.next_step if self.next_step else ''}"

    def as_json(self) -> dict[str, Any]:
        """The shape of an error in JSON: ``{code, message, next_step?, where?}``."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.next_step:
            body["next_step"] = self.next_step
        if self.where:
            body["where"] = msgspec.to_builtins(self.where)
        return body


class Rejected(PlainworkError):
    """The caller can mend it."""

    status = 400


class Invalid(Rejected):
    """A document or a request is not valid; ``findings`` says where and why."""

    status = 422

    def __init__(
        self,
        message: str,
        *,
        findings: tuple[Finding, ...] = (),
        next_step: str | None = None,
        where: Where | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step, where=where)
        self.findings = findings

    def as_json(self) -> dict[str, Any]:
        """As the base shape, with ``findings``."""
        return super().as_json() | {"findings": msgspec.to_builtins(self.findings)}


class NotFound(Rejected):
    """There is no such thing, or it is not the caller's to see."""

    status = 404


class Conflict(Rejected):
    """Somebody else changed it first, or it already exists."""

    status = 409


class NotReady(Conflict):
    """A version does not meet what going live takes; ``findings`` says what is missing."""

    def __init__(self, message: str, *, findings: tuple[Finding, ...], next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.findings = findings

    def as_json(self) -> dict[str, Any]:
        """As the base shape, with ``findings``."""
        return super().as_json() | {"findings": msgspec.to_builtins(self.findings)}


class PreconditionFailed(Conflict):
    """It is no longer what the caller says that it was (``If-Match``)."""

    status = 412


class Gone(Rejected):
    """It was there, and its time has passed."""

    status = 410


class Forbidden(Rejected):
    """Signed in, but not allowed."""

    status = 403


class SignInNeeded(Rejected):
    """No session and no key, or neither is valid any more."""

    status = 401


class EnrolmentNeeded(Forbidden):
    """The workspace asks its members for a second factor, and this one has none yet."""


class CodeNeeded(SignInNeeded):
    """The password is right; signing in also takes a code of the second factor."""


class LimitReached(Rejected):
    """A limit on size, count or rate was passed. ``retry_after_s``: in how many seconds it will be gone, where it will."""

    status = 429

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        next_step: str | None = None,
        where: Where | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step, where=where)
        self.retry_after_s = retry_after_s


class BudgetExceeded(Rejected):
    """The next call would pass a budget that stops."""

    status = 402


class Unavailable(PlainworkError):
    """Something outside failed; trying again may help."""

    status = 503


class ConnectionExpired(Unavailable):
    """A credential no longer works; its owner has to renew it. ``connection``: its name."""

    def __init__(self, message: str, *, connection: str, next_step: str | None = None) -> None:
        super().__init__(message, next_step=next_step)
        self.connection = connection


class CallFailed(PlainworkError):
    """One outbound call (HTTP, mail, SQL, model) failed, classified so that the planner knows what to do.

    ``failure``: ``retry`` (may work later), ``auth`` (the credential is refused), ``rejected`` (the request
    itself is refused; the same request will fail again), ``timeout``. ``retry_after_s`` is the other side's wish.
    ``uncertain``: the other side may have acted before the call failed, so repeating it may act twice.
    """

    status = 502

    def __init__(
        self,
        message: str,
        *,
        failure: FailureKind = "retry",
        retry_after_s: float | None = None,
        uncertain: bool = False,
        next_step: str | None = None,
        where: Where | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step, where=where)
        self.failure: FailureKind = failure
        self.retry_after_s = retry_after_s
        self.uncertain = uncertain
