"""``sql.query`` against a real PostgreSQL, reached over TCP as a user's own database would be."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from plainwork.connectors import Reach, declared, perform, poll
from plainwork.errors import CallFailed
from plainwork.net import Client
from tests.conftest import Cluster

pytestmark = pytest.mark.anyio
QUERY = declared.actions()["sql.query"].kind


@pytest.fixture(scope="module")
def shop(cluster: Cluster) -> Iterator[tuple[Cluster, str]]:
    """A database with a table of three orders."""
    url = cluster.create(empty=True)
    found = re.search(r"/(test_\w+)\?", url)
    assert found
    name = found[1]
    cluster.run("create table orders (id int primary key, customer text, total numeric(10, 2), day date)", name)
    cluster.run(
        "insert into orders values (1, 'Ada', 10.5, '2026-01-02'), (2, 'Bob', 20, null), (3, 'Ada', 3, '2026-03-04')",
        name,
    )
    yield cluster, name
    cluster.drop(url)


class Desk:
    """A client, and the account of the shop's database at a port of loopback that leads to the server's socket."""

    def __init__(self, client: Client, account: dict[str, Any]) -> None:
        self.client = client
        self.account = account

    async def ask(self, query: str, *params: Any, account: dict[str, Any] | None = None, **more: Any) -> Any:
        reach = {name: more.pop(name) for name in ("timeout_s", "max_bytes") if name in more}
        config = {"query": query, "params": list(params), **more}
        return await perform(QUERY, config, Reach(self.client, account or self.account, **reach))


@asynccontextmanager
async def desk(shop: tuple[Cluster, str]) -> AsyncIterator[Desk]:
    cluster, name = shop
    socket_path = str(cluster.server.socket_folder / ".s.PGSQL.5432")
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(socket_path)
        tasks.update(asyncio.create_task(pump(*pair)) for pair in ((reader, far_writer), (far_reader, writer)))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    account = {"host": "127.0.0.1", "port": port, "user": "postgres", "database": name, "ssl": "disable"}
    async with Client([f"127.0.0.1:{port}"]) as client:
        yield Desk(client, account)
    server.close()
    await asyncio.gather(*tasks)
    await server.wait_closed()


async def test_rows_come_as_json(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        output = await d.ask("select * from orders where customer = $1 order by id", "Ada")
        assert output == {
            "rows": [
                {"id": 1, "customer": "Ada", "total": 10.5, "day": "2026-01-02"},
                {"id": 3, "customer": "Ada", "total": 3, "day": "2026-03-04"},
            ],
            "count": 2,
            "more": False,
        }


async def test_the_limit_cuts_and_says_so(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        output = await d.ask("select generate_series(1, 1000000) as n", limit=3)
        assert (output["count"], output["more"], output["rows"][-1]) == (3, True, {"n": 3})
        assert (await d.ask("select id from orders", limit=3))["more"] is False


@pytest.mark.parametrize(
    ("kind", "given", "back"),
    [
        ("int", "7", 7), ("int", 7.0, 7), ("bigint", 2**40, 2**40), ("numeric", "1.25", 1.25), ("numeric", 3, 3),
        ("float8", 1, 1.0), ("text", 5, "5"), ("text", {"a": 1}, '{"a": 1}'), ("text", "a\0b", "a\ufffdb"),
        ("varchar", "x' or 1=1 --", "x' or 1=1 --"), ("bool", "yes", True), ("bool", False, False),
        ("date", "2026-02-03", "2026-02-03"), ("timestamptz", "2026-02-03T04:05:06+00:00", "2026-02-03T04:05:06+00:00"),
        ("time", "04:05", "04:05:00"), ("interval", 90, 90.0), ("bytea", "aGk=", "aGk="),
        ("uuid", "6c7b2c3e-0000-4000-8000-000000000001", "6c7b2c3e-0000-4000-8000-000000000001"),
        ("int[]", [1, "2", None], [1, 2, None]), ("text[]", ["a"], ["a"]), ("jsonb", {"a": [1]}, {"a": [1]}),
        ("int", None, None), ("float8", "NaN", None),
    ],
)  # fmt: skip
async def test_values_there_and_back(shop: tuple[Cluster, str], kind: str, given: Any, back: Any) -> None:
    async with desk(shop) as d:
        output = await d.ask(f"select $1::{kind} as v", given)
        assert output["rows"] == [{"v": back}]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("int", "x"),
        ("int", 1.5),
        ("int", True),
        ("date", "soon"),
        ("bool", "maybe"),
        ("uuid", 5),
        ("int[]", 1),
        ("int", 2**40),
    ],
)
async def test_a_parameter_of_the_wrong_kind_is_named(shop: tuple[Cluster, str], kind: str, given: Any) -> None:
    async with desk(shop) as d:
        with pytest.raises(CallFailed) as caught:
            await d.ask(f"select $1::{kind}", given)
        assert caught.value.failure == "rejected"
        assert "$1" in caught.value.message


async def test_parameters_must_be_as_many_as_the_statement_has(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        with pytest.raises(CallFailed, match="has 1 parameters, and 2 are given"):
            await d.ask("select $1::int", 1, 2)


async def test_a_step_only_reads_unless_it_may_write(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        for query in (
            "delete from orders",
            "create table x (a int)",
            "with gone as (delete from orders returning *) select * from gone",
            "select setval('s', 1) from (select 1) t",
        ):
            with pytest.raises(CallFailed) as caught:
                await d.ask(query)
            assert caught.value.failure == "rejected"
        assert (await d.ask("select id from orders"))["count"] == 3
        for query in ("commit", "set transaction read write", "set default_transaction_read_only = off"):
            with suppress(CallFailed):
                await d.ask(query)
        with pytest.raises(CallFailed, match="may only read"):
            await d.ask("delete from orders")


async def test_writing(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        added = await d.ask(
            "insert into orders (id, customer) select g, $1 from generate_series(10, 12) g", "New", write=True
        )
        assert added == {"rows": [], "count": 3, "more": False}
        gone = await d.ask("delete from orders where customer = $1 returning id", "New", write=True)
        assert sorted(row["id"] for row in gone["rows"]) == [10, 11, 12]
        assert (await d.ask("select id from orders"))["count"] == 3


async def test_only_one_statement_runs(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        with pytest.raises(CallFailed, match="multiple commands") as caught:
            await d.ask("select 1; drop table orders", write=True)
        assert caught.value.failure == "rejected"
        assert (await d.ask("select id from orders"))["count"] == 3


async def test_a_slow_statement_is_stopped(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        with pytest.raises(CallFailed, match=r"did not answer within 0\.5 s") as caught:
            await d.ask("select pg_sleep(20)", timeout_s=0.5)
        assert (caught.value.failure, caught.value.uncertain) == ("timeout", False)


async def test_too_much_is_refused(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        with pytest.raises(CallFailed, match="more than a step may take in"):
            await d.ask("select repeat('x', 100000) as x from generate_series(1, 5)", max_bytes=100_000)


async def test_failures_are_put_into_words(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        for query, says in [
            ("selec 1", "syntax error"),
            ("select * from nothing_here", "does not exist"),
            ("select 1/0", "division by zero"),
        ]:
            with pytest.raises(CallFailed, match=says) as caught:
                await d.ask(query)
            assert caught.value.failure == "rejected"
        with pytest.raises(CallFailed, match="refused the login") as caught:
            await d.ask("select 1", account=d.account | {"user": "nobody_here"})
        assert caught.value.failure == "auth"
        for account in (
            {"url": "mysql://u@h/d"},
            {"url": "postgresql://h/d"},
            {"host": "h"},
            {"url": "postgresql://u@h:x/d"},
        ):
            with pytest.raises(CallFailed, match="account is not complete") as caught:
                await d.ask("select 1", account=account)
            assert caught.value.failure == "auth"


async def test_an_address_in_one_line(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        a = d.account
        url = f"postgresql://postgres:some%2Fpassword@127.0.0.1:{a['port']}/{a['database']}?sslmode=disable"
        for account in ({"url": url}, {"value": url}):
            assert (await d.ask("select 1 as one", account=account))["rows"] == [{"one": 1}]


async def test_the_guard_stands_before_databases_too(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d, Client() as strict:
        with pytest.raises(CallFailed, match="PLAINWORK_ALLOW_HOSTS"):
            await perform(QUERY, {"query": "select 1"}, Reach(strict, d.account))
        with pytest.raises(CallFailed, match="SQL database needs an account"):
            await perform(QUERY, {"query": "select 1"}, Reach(strict))


async def test_a_server_that_is_away(shop: tuple[Cluster, str]) -> None:
    async with desk(shop) as d:
        account = d.account
    async with Client([f"127.0.0.1:{account['port']}"]) as client:
        with pytest.raises(CallFailed, match="cannot answer now") as caught:
            await perform(QUERY, {"query": "select 1"}, Reach(client, account))
        assert (caught.value.failure, caught.value.uncertain) == ("retry", False)


# ── Polls ────────────────────────────────────────────────────────────────────────────────────────────────────────────
NEW_ROW = declared.triggers()["sql.new_row"].kind


@pytest.fixture
def log(shop: tuple[Cluster, str]) -> Iterator[Callable[[str], None]]:
    """An empty table of events; gives what runs a statement in its database."""
    cluster, name = shop
    cluster.run("create table events (id bigint, at timestamptz, what text)", name)
    yield lambda sql: cluster.run(sql, name)
    cluster.run("drop table events", name)


async def poll_events(at: Desk, cursor: Any, **config: Any) -> tuple[list[Any], Any]:
    config = {"query": "select * from events;", "column": "id"} | config
    found = await poll(NEW_ROW, config, cursor, Reach(at.client, at.account))
    return [item.value["what"] for item in found.items], found.cursor


@pytest.mark.parametrize("column", ["id", "at"])
async def test_new_rows_are_found_late_ones_too(
    shop: tuple[Cluster, str], log: Callable[[str], None], column: str
) -> None:
    add = (
        "insert into events select n, timestamptz '2026-01-01 12:00:00.25+01' + n * interval '1 s', 'event ' || n from "
    )
    async with desk(shop) as at:
        rows, cursor = await poll_events(at, None, column=column)
        assert rows == []
        log(add + "generate_series(1, 250) n where n <> 220")
        rows, cursor = await poll_events(at, cursor, column=column)
        assert len(rows) == 249
        log(add + "generate_series(251, 260) n")
        log(add + "generate_series(220, 220) n")
        rows, cursor = await poll_events(at, cursor, column=column)
        assert (rows[-1], "event 220" in rows, len(rows)) == ("event 260", True, 111)
        rows, _ = await poll_events(at, None, column=column)
        assert (rows[0], rows[-1], len(rows)) == ("event 161", "event 260", 100)


async def test_rows_have_keys(shop: tuple[Cluster, str], log: Callable[[str], None]) -> None:
    log("insert into events values (1, '2026-01-01', 'a'), (2, '2026-01-01', 'b')")
    async with desk(shop) as at:
        reach = Reach(at.client, at.account)
        config = {"query": "select * from events", "column": "at"}
        assert {one.key for one in (await poll(NEW_ROW, config, None, reach)).items} == {"1", "2"}
        found = await poll(NEW_ROW, config | {"key": "what"}, None, reach)
        assert {one.key for one in found.items} == {'"a"', '"b"'}
        found = await poll(NEW_ROW, {"query": "select what from events", "column": "what"}, None, reach)
        assert {one.key for one in found.items} == {'"a"', '"b"'}


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"query": "delete from events returning *"}, "refused the statement"),
        ({"query": "select 1) q; drop table events; --"}, "refused the statement"),
        ({"column": 'id" is null or "id'}, "refused the statement"),
        ({"column": "what"}, "Too many rows have the same what"),
    ],
)
async def test_a_query_that_cannot_be_polled_is_refused(
    shop: tuple[Cluster, str], log: Callable[[str], None], config: dict[str, Any], says: str
) -> None:
    log("insert into events select n, null, 'same' from generate_series(1, 1200) n")
    async with desk(shop) as at:
        with pytest.raises(CallFailed, match=says) as caught:
            await poll_events(at, {"since": "same"}, **config)
        assert caught.value.failure == "rejected"
        assert len((await poll_events(at, None))[0]) == 100
