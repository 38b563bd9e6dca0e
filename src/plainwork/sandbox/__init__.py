"""Runs people's Python where it can do no harm: no network, files, environment or libraries; bounded time and memory.

Each program gets a fresh interpreter process of its own (pydantic-monty, about 4 ms), which is started with an empty
environment under the operating system's limits and ends with the program.
"""

from plainwork.sandbox.limits import Limits
from plainwork.sandbox.runner import Ran, Sandbox, shared

__all__ = ["Limits", "Ran", "Sandbox", "shared"]
