"""Features in an Azure table, on a real Azurite."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from shared import tables
from shared.features import table as features_table
from shared.features.table import MOST_KEYS, PARTITIONS, Table, column, condition, key
from shared.problems import FeaturesUnavailable
from tools.features import store

ROWS = {f"patient-{i}": {"x": i / 4, "sex": "f" if i % 2 else "m"} for i in range(100)}
ODD = {"a/b\\c#d?e": {"x": 1.0}, "ü" * 200: {"x": 2.0}, "it's": {"x": 3.0}}


@pytest.fixture
def loaded(told: Callable[..., object], storage: str) -> Iterator[Table]:
    """A table with a hundred patients and a few odd names."""
    told(STORAGE_CONNECTION=storage)
    asyncio.run(store.load(tables.Table("features", tables.Account(storage)), {**ROWS, **ODD}))
    yield Table("features")
    asyncio.run(_forget())


async def _forget() -> None:
    client = tables.table("features", FeaturesUnavailable)
    for partition in range(PARTITIONS):
        for row in await client.query(f"PartitionKey eq '{partition:x}'"):
            await client.delete(row.key)


def pulled(table: Table, *entities: str | int) -> dict[str | int, object]:
    async def ask() -> dict[str | int, object]:
        parts = await asyncio.gather(*(table.fetch(batch, ["x", "sex"]) for batch in table.batches(entities)))
        return {entity: row for part in parts for entity, row in part.rows.items()}

    return asyncio.run(ask())


def test_one_entity_comes_with_its_features_and_none_where_it_has_none(loaded: Table) -> None:
    assert pulled(loaded, "patient-3") == {"patient-3": {"x": 0.75, "sex": "f"}}
    assert pulled(loaded, "it's") == {"it's": {"x": 3.0, "sex": None}}


def test_many_entities_come_whole(loaded: Table) -> None:
    assert pulled(loaded, *ROWS) == ROWS


def test_an_unknown_entity_is_absent(loaded: Table) -> None:
    assert list(pulled(loaded, "nobody", "patient-1")) == ["patient-1"]
    assert pulled(loaded, "nobody") == {}


@pytest.mark.parametrize("entity", ODD, ids=lambda entity: entity[:9])
def test_an_id_that_no_key_can_hold_is_found_all_the_same(loaded: Table, entity: str) -> None:
    assert pulled(loaded, entity, "patient-1").keys() == {entity, "patient-1"}


def test_an_integer_and_its_text_are_the_same_entity() -> None:
    assert key(7) == key("7")


def test_a_filter_holds_at_most_15_comparisons_as_real_tables_allow() -> None:
    for batch in Table.batches(object.__new__(Table), [f"p{i}" for i in range(2_000)]):
        asked = condition([key(each) for each in batch])
        assert asked.count(" eq ") <= 15
        assert asked.count("PartitionKey") == 1
        assert len({key(each)[0] for each in batch}) == 1


def test_the_urls_that_are_sent_hold_one_partition_and_at_most_14_keys(
    loaded: Table, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "urllib3.connectionpool"):
        pulled(loaded, *ROWS)
    filters = [
        parse_qs(urlsplit(unquote_once(record)).query)["$filter"][0]
        for record in caplog.records
        if record.name == "urllib3.connectionpool" and "$filter" in unquote(record.getMessage())
    ]
    assert len(filters) >= len(ROWS) / MOST_KEYS
    assert sum(each.count("RowKey eq") for each in filters) == len(ROWS) - singles()
    assert all(each.count(" eq ") <= 15 for each in filters)


def unquote_once(record: logging.LogRecord) -> str:
    """The URL in urllib3's own log line `http://host "GET /path?query HTTP/1.1" 200`."""
    return str(record.args[4] if isinstance(record.args, tuple) else "")


def singles() -> int:
    """How many entities stand alone in their batch, so that they are read by key and not by a filter."""
    return sum(len(batch) == 1 for batch in Table.batches(object.__new__(Table), list(ROWS)))


@pytest.mark.parametrize(("feature", "name"), [("bmi", "bmi"), ("body mass", "x_626f6479206d617373"), ("ü", "x_c3bc")])
def test_a_feature_whose_name_is_no_identifier_is_spelled_in_hex(feature: str, name: str) -> None:
    assert column(feature) == name


def test_a_store_that_is_not_there_is_unavailable(told: Callable[..., object], storage: str) -> None:
    told(STORAGE_CONNECTION=re.sub(r"127.0.0.1:\d+", "127.0.0.1:9", storage))
    with pytest.raises(FeaturesUnavailable):
        pulled(features_table.Table("features"), "patient-1")
    with pytest.raises(FeaturesUnavailable):
        asyncio.run(features_table.Table("features").ping())


def test_a_ping_is_answered_also_by_an_empty_table(loaded: Table) -> None:
    asyncio.run(loaded.ping())
