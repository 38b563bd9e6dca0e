"""The ``code`` step: a Python program in the sandbox."""

from __future__ import annotations

from typing import Any

from plainwork import sandbox
from plainwork.engine.kinds.call import Call
from plainwork.errors import CallFailed

LONGEST_S = 60.0


async def run_code(call: Call) -> dict[str, Any]:
    """``{result, printed}``. The other settings are the program's variables; the step's ``timeout`` bounds it (5 s when
    there is none, 60 s at most)."""
    code, names, limits = _program(call)
    ran = await sandbox.shared().run(code, names, limits)
    return {"result": ran.result, "printed": ran.printed}


def run_code_sync(call: Call) -> dict[str, Any]:
    """As ``run_code``, holding the thread."""
    code, names, limits = _program(call)
    ran = sandbox.shared().run_sync(code, names, limits)
    return {"result": ran.result, "printed": ran.printed}


def _program(call: Call) -> tuple[str, dict[str, Any], sandbox.Limits]:
    names = {key: value for key, value in call.config.items() if key != "code"}
    for name in names:
        if not name.isidentifier():
            raise CallFailed(
                f"{name!r} cannot be a variable of the program.", failure="rejected", next_step="Rename it."
            )
    limits = sandbox.Limits()
    if call.timeout_s is not None:
        limits = sandbox.Limits(time_s=min(call.timeout_s, LONGEST_S))
    return str(call.config.get("code", "")), names, limits
