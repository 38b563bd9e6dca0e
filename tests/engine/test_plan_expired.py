"""Steps whose account has to be connected anew: the run waits for that, and what was tried is tried again."""

from __future__ import annotations

from plainwork.engine.plan import REPEAT, Failure, Graph, Progress, Record
from tests.engine.flows import chain, edge, graph, node, retry

START = 1_700_000_000.0
GONE = Failure("auth", "TEAM does not work any more.", connection="TEAM")


def expired(path: str, attempt: int = 1) -> Record:
    return Record(path, attempt, "failed", failure=GONE, at=START)


def waiting(built: Graph, *history: Record) -> Progress:
    """The run as the worker leaves it that parks it."""
    progress = Progress(built, {})
    progress.take()
    for record in history:
        progress.apply(record)
    return progress


def test_the_run_waits_and_asks_about_the_step_without_retrying() -> None:
    plan = waiting(
        graph([node("a", retry=retry(3, "0s", on=("auth",))), node("b")], chain("a", "b")), expired("a")
    ).take()
    assert (plan.status, plan.ask, plan.cause, plan.wake_at, plan.tasks) == (
        "waiting",
        "a",
        "connection_expired",
        None,
        (),
    )


def test_whoever_takes_the_run_up_tries_all_such_steps_again() -> None:
    built = graph([node("a"), node("b"), node("c")], [*chain("a", "c"), edge("b", "c")])
    history = [expired("a"), expired("b")]
    progress = Progress.resume(built, history, {})
    plan = progress.take()
    assert [(task.path, task.attempt) for task in plan.tasks] == [("a", 2), ("b", 2)]
    progress.apply(Record("a", 2, "succeeded", {}, at=START))
    progress.apply(expired("b", 2))
    plan = progress.take()
    assert (plan.status, plan.ask) == ("waiting", "b")
    again = Progress.resume(built, [*history, Record("a", 2, "succeeded", {}, at=START), expired("b", 2)], {})
    assert [(task.path, task.attempt) for task in again.take().tasks] == [("b", 3)]


def test_a_person_may_say_so_too_or_decide_otherwise() -> None:
    built = graph([node("a"), node("b")], chain("a", "b"))
    told = [expired("a"), Record("a", 1, "failed", failure=Failure(REPEAT, "Again."), at=START)]
    assert [(task.path, task.attempt) for task in Progress.resume(built, told, {}).take().tasks] == [("a", 2)]
    skipped = [expired("a"), Record("a", 1, "skipped", at=START)]
    assert [task.path for task in Progress.resume(built, skipped, {}).take().tasks] == ["b"]


def test_a_route_of_the_document_goes_first_and_hears_nothing_of_whom_to_wait_for() -> None:
    built = graph([node("a"), node("b")], [edge("a", "b", on="error", failure="auth")])
    progress = waiting(built, expired("a"))
    plan = progress.take()
    assert [task.path for task in plan.tasks] == ["b"]
    assert progress.scope(plan.tasks[0])["error"] == {"kind": "auth", "message": GONE.message, "step": "a"}


def test_what_the_run_fails_of_in_the_end_names_no_connection() -> None:
    failure = GONE.settled("a")
    assert (failure.path, failure.connection, failure.kind) == ("a", None, "auth")
    assert failure.settled("b") is failure
