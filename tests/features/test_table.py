"""Features in an Azure table, on a real Azurite."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from itertools import batched, groupby
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from shared import tables
from shared.features.source import Entity
from shared.features.table import MAX_KEYS, TableSource, column, condition, key
from shared.problems import FeaturesUnavailable
from shared.tables import Account, Table
from shared.threads import Threads
from tests.conftest import NO_STORE
from tests.loop import run

ROWS = {f"patient-{i}": {"x": i / 4, "sex": "f" if i % 2 else "m"} for i in range(100)}
ODD = {
    "a/b\\c#d?e": {"x": 1.0},
    "ü" * 200: {"x": 2.0},
    "it's": {"x": 3.0},
    "7": {"x": 7.0},
    **{odd: {"x": 9.0} for odd in (".", "..", "%2e", "a%b", "a\0b", "😀", " ", "-0", "P1", "1e4", "\u202e")},
}


def table(name: str, connection: str, threads: Threads) -> Table:
    return Table(name, Account(connection), threads.tables, FeaturesUnavailable)


@pytest.fixture(scope="module")
def filled(storage: str) -> Iterator[str]:
    """The name of a table with a hundred patients and a few odd names."""
    threads = Threads()
    run(_fill(table("patients", storage, threads), {**ROWS, **ODD}))
    yield "patients"
    threads.close()


async def _fill(empty: Table, rows: Mapping[str, Mapping[str, Any]]) -> None:
    await empty.create()
    entities: list[tuple[tables.Key, tables.Values]] = sorted((key(entity), row) for entity, row in rows.items())
    for _, group in groupby(entities, key=lambda entity: entity[0][0]):
        for batch in batched(group, 100, strict=False):
            await empty.upsert(batch)


@pytest.fixture
def source(filled: str, storage: str, threads: Threads) -> TableSource:
    return TableSource(table(filled, storage, threads))


@pytest.fixture
def unreachable(threads: Threads) -> TableSource:
    return TableSource(table("patients", NO_STORE, threads))


def fetched(source: TableSource, *entities: Entity) -> dict[Entity, object]:
    async def fetch() -> dict[Entity, object]:
        parts = await asyncio.gather(*(source.fetch(batch, ["x", "sex"]) for batch in source.batches(entities)))
        return {entity: row for part in parts for entity, row in part.rows.items()}

    return run(fetch())


def test_one_entity_has_its_features_and_none_where_the_table_has_none(source: TableSource) -> None:
    assert fetched(source, "patient-3") == {"patient-3": {"x": 0.75, "sex": "f"}}
    assert fetched(source, "it's") == {"it's": {"x": 3.0, "sex": None}}


def test_many_entities_arrive_complete(source: TableSource) -> None:
    assert fetched(source, *ROWS) == ROWS


def test_an_unknown_entity_is_absent(source: TableSource) -> None:
    assert list(fetched(source, "nobody", "patient-1")) == ["patient-1"]
    assert fetched(source, "nobody") == {}


@pytest.mark.parametrize("entity", ODD, ids=lambda entity: entity[:9])
def test_an_id_that_is_no_valid_key_is_found(source: TableSource, entity: str) -> None:
    assert fetched(source, entity, "patient-1").keys() == {entity, "patient-1"}


def test_an_integer_and_its_text_are_the_same_entity(source: TableSource) -> None:
    assert key(7) == key("7")
    assert fetched(source, 7, "7", "patient-3", 8) == {
        7: {"x": 7.0, "sex": None},
        "7": {"x": 7.0, "sex": None},
        "patient-3": {"x": 0.75, "sex": "f"},
    }


def test_a_filter_has_at_most_15_comparisons_as_real_tables_allow(unreachable: TableSource) -> None:
    for batch in unreachable.batches([f"p{i}" for i in range(2_000)]):
        odata = condition([key(entity) for entity in batch])
        assert odata.count(" eq ") <= 15
        assert odata.count("PartitionKey") == 1
        assert len({key(entity)[0] for entity in batch}) == 1


def test_the_urls_that_are_sent_have_one_partition_and_at_most_14_keys(
    source: TableSource, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "urllib3.connectionpool"):
        fetched(source, *ROWS)
    filters = [
        parse_qs(urlsplit(_url(record)).query)["$filter"][0]
        for record in caplog.records
        if record.name == "urllib3.connectionpool" and "$filter" in unquote(record.getMessage())
    ]
    single = sum(len(batch) == 1 for batch in source.batches(list(ROWS)))  # read by key, without a filter
    assert len(filters) >= len(ROWS) / MAX_KEYS
    assert sum(odata.count("RowKey eq") for odata in filters) == len(ROWS) - single
    assert all(odata.count(" eq ") <= 15 for odata in filters)


def _url(record: logging.LogRecord) -> str:
    """Return the URL in urllib3's log line `http://host "GET /path?query HTTP/1.1" 200`."""
    return str(record.args[4] if isinstance(record.args, tuple) else "")


@pytest.mark.parametrize(("feature", "name"), [("bmi", "bmi"), ("body mass", "x_626f6479206d617373"), ("ü", "x_c3bc")])
def test_a_feature_whose_name_is_no_identifier_is_written_in_hex(feature: str, name: str) -> None:
    assert column(feature) == name


def test_a_store_that_does_not_respond_is_unavailable(unreachable: TableSource) -> None:
    with pytest.raises(FeaturesUnavailable):
        fetched(unreachable, "patient-1")
    with pytest.raises(FeaturesUnavailable):
        run(unreachable.ping())


def test_a_ping_needs_no_entity(source: TableSource) -> None:
    run(source.ping())
