"""Signatures of the common senders, by the examples that they publish themselves."""

from __future__ import annotations

import hmac
from typing import Any

import pytest

from plainwork.api.signatures import NotVerified, Verified, verify, visible

GITHUB = {  # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    "secret": "It's a Secret to Everybody",
    "body": b"Hello, World!",
    "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
}
SLACK = {  # https://docs.slack.dev/authentication/verifying-requests-from-slack
    "secret": "8f742231b10e8888abcd99yyyzzz85a5",
    "body": b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
    "at": 1531420618,
    "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
}
NOW = 1_700_000_000


def digest(secret: str, message: bytes) -> str:
    return hmac.digest(secret.encode(), message, "sha256").hex()


def timed(secret: str, body: bytes, at: int = NOW) -> str:
    return f"t={at},v1={digest(secret, f'{at}.'.encode() + body)}"


def test_githubs_own_example() -> None:
    headers = {"x-hub-signature-256": str(GITHUB["x-hub-signature-256"])}
    assert verify(str(GITHUB["secret"]), headers, b"Hello, World!", NOW) == Verified("github")
    with pytest.raises(NotVerified, match="X-Hub-Signature-256"):
        verify(str(GITHUB["secret"]), headers, b"Hello, World?", NOW)
    with pytest.raises(NotVerified):
        verify("another", headers, b"Hello, World!", NOW)
    with pytest.raises(NotVerified):
        verify(
            str(GITHUB["secret"]), {"x-hub-signature-256": headers["x-hub-signature-256"][7:]}, b"Hello, World!", NOW
        )


def test_slacks_own_example() -> None:
    secret, body, at = str(SLACK["secret"]), bytes(SLACK["body"]), int(SLACK["at"])  # type: ignore[call-overload]
    headers = {"x-slack-signature": str(SLACK["x-slack-signature"]), "x-slack-request-timestamp": str(at)}
    found = verify(secret, headers, body, at + 299)
    assert found.sender == "slack"
    assert found.seal == headers["x-slack-signature"][3:]
    for late in (at + 301, at - 301):
        with pytest.raises(NotVerified, match="5 minutes"):
            verify(secret, headers, body, late)
    with pytest.raises(NotVerified, match="X-Slack-Signature"):
        verify(secret, headers | {"x-slack-request-timestamp": str(at + 1)}, body, at)
    with pytest.raises(NotVerified):
        verify(secret, {"x-slack-signature": headers["x-slack-signature"]}, body, at)


@pytest.mark.parametrize(("header", "sender"), [("stripe-signature", "stripe"), ("x-plainwork-signature", "plainwork")])
def test_signatures_with_a_time_in_them(header: str, sender: str) -> None:
    body = b'{"id": "evt_1", "object": "event"}'
    signed = timed("whsec_test", body)
    expected = signed.partition("v1=")[2]
    assert verify("whsec_test", {header: signed}, body, NOW) == Verified(sender, expected)
    both = (
        signed.replace("v1=", f"v1={'0' * 64},v1=")
        + ",v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
    )
    assert verify("whsec_test", {header: both}, body, NOW).seal == expected
    for wrong, later in (
        (signed, NOW + 301),
        (timed("whsec_test", body, NOW + 400), NOW),
        (timed("other", body), NOW),
        (timed("whsec_test", body + b" "), NOW),
        (signed.replace("v1=", "v0="), NOW),
        (signed.replace(f"t={NOW}", f"t={NOW - 1}"), NOW),
        (expected, NOW),
        ("t=,v1=", NOW),
        ("t=" + "9" * 400 + ",v1=00", NOW),
        ("", NOW),
    ):
        with pytest.raises(NotVerified):
            verify("whsec_test", {header: wrong}, body, later)


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer s3cret"}, {"x-plainwork-token": "s3cret"}, {"x-gitlab-token": "s3cret"}],
    ids=lambda headers: next(iter(headers)),
)
def test_the_secret_itself_as_a_token(headers: dict[str, str]) -> None:
    assert verify("s3cret", headers, b"", NOW) == Verified("token")
    for name, value in headers.items():
        for wrong in (value + "!", value[:-1], "", "é", "Basic s3cret"):
            with pytest.raises(NotVerified):
                verify("s3cret", {name: wrong}, b"", NOW)


def test_a_signature_that_is_wrong_is_not_made_good_by_a_token() -> None:
    headers: dict[str, Any] = {"x-hub-signature-256": "sha256=00", "x-plainwork-token": "s3cret"}
    with pytest.raises(NotVerified):
        verify("s3cret", headers, b"", NOW)
    with pytest.raises(NotVerified, match="no signature and no token"):
        verify("s3cret", {}, b"", NOW)


@pytest.mark.parametrize("signed", [b"v0:%d:" % (NOW - 86_400), b"%d." % (NOW - 86_400)], ids=["slack", "stripe"])
def test_what_is_too_old_for_its_own_header_is_not_taken_under_githubs(signed: bytes) -> None:
    message = signed + b"token=x&command=%2Fdeploy"
    with pytest.raises(NotVerified, match="begins with a time"):
        verify("secret", {"x-hub-signature-256": f"sha256={digest('secret', message)}"}, message, NOW)


def test_runs_see_no_header_that_proves_something() -> None:
    proof = {
        "authorization": "x",
        "cookie": "x",
        "x-hub-signature-256": "x",
        "stripe-signature": "x",
        "x-slack-signature": "x",
    }
    assert visible(proof | {"user-agent": "GitHub-Hookshot/1"}) == {"user-agent": "GitHub-Hookshot/1"}
