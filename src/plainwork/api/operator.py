"""``GET /metrics``: figures of this process and of the installation, as Prometheus reads them, for the operator alone."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import Request, Response

from plainwork import meters
from plainwork.api.auth import Permission, address_of
from plainwork.api.routing import Routes
from plainwork.db import operator
from plainwork.errors import Forbidden

routes = Routes()

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
_ABOUT = {
    "due_runs": "Runs that are due and wait for a worker.",
    "leased_runs": "Runs that workers have in hand.",
    "waiting_runs": "Runs that wait for a time, a person or another run.",
    "queue_lag_seconds": "For how long the run that is due longest has been due.",
    "uncounted_runs": "Runs that have ended and are not counted yet (100000 at most).",
    "workers": "Worker processes.",
    "open_alarms": "Alarms of schedules that are not over.",
    "schedule_lag_seconds": "For how long the schedule that is due longest has been due.",
}


@routes.add("GET", "/metrics", Permission.PUBLIC, include_in_schema=False)
async def figures(request: Request) -> Response:
    """The figures. Whoever asks has the token of ``PLAINWORK_METRICS_TOKEN``; where none is set, is on the machine itself."""
    _admit(request)
    lines = list(meters.text())
    for name, value in (await operator.figures(request.app.state.database)).items():
        lines += meters.gauge(f"plainwork_{name}", _ABOUT[name], value)
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8")


def _admit(request: Request) -> None:
    token: str | None = request.app.state.settings.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        is_let_in = hmac.compare_digest(given.encode(), token.encode())
    else:
        is_let_in = _is_here(request)
    if not is_let_in:
        raise Forbidden(
            "These figures are for the operator.",
            next_step="Set PLAINWORK_METRICS_TOKEN and send it as a bearer token, or ask on the machine itself.",
        )


def _is_here(request: Request) -> bool:
    """Whether the request was made on this machine, and not handed on by a proxy that runs on it."""
    try:
        return ip_address(address_of(request) or "").is_loopback and not any(
            name in request.headers for name in _FORWARDED
        )
    except ValueError:
        return False
