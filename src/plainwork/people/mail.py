"""The mails that people are sent about getting in: a link to set a password, an invitation. Plain text, in few words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from plainwork import connectors
from plainwork.connectors import Reach
from plainwork.settings import Settings
from plainwork.spec.kinds import Kind

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Post:
    """The operator's mail server, and the address that links in mails begin with.

    That address is never taken from a request: whoever sends one could name a host of their own.
    """

    smtp_url: str
    public_url: str

    async def reset(self, email: str, token: str) -> None:
        """Sends a link that sets a new password. Raises CallFailed."""
        await self._send(
            email,
            "Set a new password for Plainwork",
            f"Somebody, probably you, wants to set a new password for {email} at {self.public_url}.\n\n"
            f"{reset_link(self.public_url, token)}\n\n"
            "The link works once, within one hour. If it was not you, do nothing: your password stays as it is.\n",
        )

    async def invitation(self, email: str, token: str, workspace: str, inviter: str) -> None:
        """Sends an invitation's link. Raises CallFailed."""
        await self._send(
            email,
            f"{inviter} invites you to {workspace} on Plainwork",
            f"{inviter} invites you to the workspace {workspace} at {self.public_url}.\n\n"
            f"{invitation_link(self.public_url, token)}\n\n"
            "The link works once, within seven days, and for this address only.\n",
        )

    async def _send(self, to: str, subject: str, body: str) -> None:
        from plainwork.net import Client

        async with Client() as client:
            reach = Reach(net=client, smtp_url=self.smtp_url, timeout_s=TIMEOUT_S)
            config = {"to": to, "subject": subject, "body": body}
            await connectors.perform(_send_kind(), config, reach)


@cache
def _send_kind() -> Kind:
    return next(kind for kind in connectors.catalogue_kinds() if kind.id == "email.send")


def post_of(settings: Settings) -> Post | None:
    """The post of the settings; None where there is no mail server, or nobody has said what the public address is."""
    return Post(settings.smtp_url, settings.public_url) if settings.smtp_url and settings.public_url else None


def reset_link(base: str, token: str) -> str:
    """The page that sets a new password. The token stands behind the #, which browsers send to nobody."""
    return f"{base}/reset-password#token={token}"


def invitation_link(base: str, token: str) -> str:
    """The page that accepts an invitation; its token as above."""
    return f"{base}/invitation#token={token}"
