"""Where links that are shown to the caller lead to. What is mailed to others never takes its address from a request."""

from __future__ import annotations

from fastapi import Request


def public_address(request: Request) -> str:
    """The address of the web app: the operator's ``PLAINWORK_PUBLIC_URL``, else the one that this request came to."""
    configured: str | None = request.app.state.settings.public_url
    return configured or str(request.base_url).rstrip("/")
