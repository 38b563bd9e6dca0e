"""One-time codes against the published vectors, and the window in which they count."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from plainwork.people import totp

RFC_6238 = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_of_rfc_6238(at: int, code: str) -> None:
    """Appendix B gives eight digits; six are the last six of these."""
    assert totp.code_at(RFC_6238, at // totp.STEP_S) == code
    assert totp.step_of(RFC_6238, code, at) == at // totp.STEP_S


def test_a_clock_may_be_off_by_one_step() -> None:
    now = 1_700_000_010.0
    step = int(now) // totp.STEP_S
    for drift, counts in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = totp.code_at(RFC_6238, step + drift)
        assert totp.step_of(RFC_6238, code, now) == (step + drift if counts else None)


def test_what_is_no_code_never_counts() -> None:
    for wrong in ("", "1", "28708", "2870820", "abcdef", "２８７０８２", "é" * 6, "\0" * 6):
        assert totp.step_of(RFC_6238, wrong, 59) is None


def test_what_an_authenticator_reads() -> None:
    parts = urlsplit(totp.uri(RFC_6238, "ada+x@example.org"))
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Plainwork:ada%2Bx%40example.org")
    assert parse_qs(parts.query) == {"secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], "issuer": ["Plainwork"]}
