"""What this process has done, counted for its operator and written as Prometheus reads it (text format 0.0.4). Nothing here
names a workspace, an agent or a person."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator

_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Count:
    """How often something happened, for each set of labels apart."""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name, self.about, self.labels = name, about, labels
        self._values: Counter[tuple[str, ...]] = Counter()

    def add(self, *labels: str, times: int = 1) -> None:
        """It happened, so many times."""
        self._values[labels] += times

    def lines(self) -> Iterator[str]:
        """The figure in the text format."""
        yield from _head(self.name, self.about, "counter")
        for values, times in sorted(self._values.items()):
            yield line(self.name, times, zip(self.labels, values, strict=True))


class Durations:
    """How long something took, in seconds."""

    def __init__(self, name: str, about: str) -> None:
        self.name, self.about = name, about
        self._counts = [0] * (len(_BOUNDS_S) + 1)
        self._sum_s = 0.0

    def add(self, took_s: float) -> None:
        """It took so long once."""
        self._counts[bisect_left(_BOUNDS_S, took_s)] += 1
        self._sum_s += took_s

    def lines(self) -> Iterator[str]:
        """The figure in the text format: each bucket holds those of the smaller ones too."""
        yield from _head(self.name, self.about, "histogram")
        seen = 0
        for bound, times in zip((*map(str, _BOUNDS_S), "+Inf"), self._counts, strict=True):
            seen += times
            yield line(f"{self.name}_bucket", seen, [("le", bound)])
        yield line(f"{self.name}_sum", self._sum_s)
        yield line(f"{self.name}_count", seen)


REQUESTS = Count("plainwork_http_requests_total", "Requests answered, by what they were for.", "resource", "status")
CLAIMED = Count("plainwork_claimed_runs_total", "Runs that this process has claimed.")
FLUSHES = Durations("plainwork_flush_seconds", "How long commits of the journal took.")
CALLS = Count("plainwork_model_calls_total", "Calls of models, by the form they were made in.", "form", "status")
TICKS = Durations("plainwork_tick_lateness_seconds", "How long after its planned time a schedule's run was started.")


def text() -> Iterator[str]:
    """All figures of this process, line by line."""
    for meter in (REQUESTS, CLAIMED, FLUSHES, CALLS, TICKS):
        yield from meter.lines()


def gauge(name: str, about: str, value: float) -> Iterator[str]:
    """A figure that somebody else has measured."""
    yield from _head(name, about, "gauge")
    yield line(name, value)


def line(name: str, value: float, labels: Iterable[tuple[str, str]] = ()) -> str:
    """One sample."""
    marked = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{marked}}} {value:.15g}" if marked else f"{name} {value:.15g}"


def _head(name: str, about: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
