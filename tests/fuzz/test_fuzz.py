"""A small, fixed part of ``make fuzz``: a request to every operation, and wrong ones to some."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.fuzzing import Fuzzer, target


def test_every_answer_is_one_that_the_description_declares(tmp_path: Path, database_url: str) -> None:
    with target(tmp_path, database_url) as it:
        report = Fuzzer(it).send(150, seed_=1, each=1)
    assert report.sent == 150
    assert set(report.statuses) >= {200, 201, 204, 422}
    assert not report.problems, str(report)
