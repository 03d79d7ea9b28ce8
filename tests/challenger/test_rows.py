"""The champion's instances as rows of the challenger, by the names of the features."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from shared.challenger.rows import Translation
from shared.features.source import Entity
from shared.model import schemas
from shared.model.manifest import Boolean, Category, Feature, Manifest, Number, Statistics, Text
from shared.model.schemas import attribute
from tests.models import manifest

X, Y = (Number(name=name, range=(-1.0, 1.0)) for name in "xy")
STORED: Mapping[Entity, Mapping[str, Any]] = {"p1": {"y": 2, "new": 3.5}, "p2": {"y": None}, "p3": {"new": "text"}}


class Store:
    """Stored rows, and the pulls of them."""

    def __init__(self) -> None:
        self.pulls: list[tuple[list[Entity], list[str]]] = []

    def __call__(self, entities: Sequence[Entity], features: Sequence[str]) -> Mapping[Entity, Mapping[str, Any]]:
        self.pulls.append((list(entities), list(features)))
        return {entity: STORED[entity] for entity in entities if entity in STORED}


def decoded(champion: Manifest, *sent: dict[str, Any], entities: bool = False) -> list[Any]:
    body = msgspec.json.encode({"instances": sent})
    return schemas.build(champion, entities=entities).decode(body)


def translated(
    champion: Sequence[Feature], challenger: Sequence[Feature], *sent: dict[str, Any], store: Store | None = None
) -> dict[int, tuple[Any, ...]]:
    """Return the comparable rows by their positions."""
    first, second = manifest(champion), manifest(challenger)
    instances = decoded(first, *sent, entities=store is not None)
    positions, rows = Translation(first, second).rows(instances, store or Store())
    values = [tuple(getattr(row, attribute(i)) for i in range(len(challenger))) for row in rows]
    return dict(zip(positions, values, strict=True))


def test_a_challenger_with_the_same_features_gets_the_very_instances() -> None:
    instances = decoded(manifest([X, Y]), {"x": 1, "y": 2})
    positions, rows = Translation(manifest([X, Y]), manifest([X, Y])).rows(instances, Store())
    assert (list(positions), rows) == ([0], instances)
    assert rows is instances


def test_features_are_found_by_name_in_any_order_and_a_removed_one_is_left_out() -> None:
    rest = Number(name="rest", range=(0.0, 1.0))
    assert translated([X, rest, Y], [Y, X], {"x": 1, "rest": 9, "y": 2}) == {0: (2.0, 1.0)}


def test_a_new_feature_that_is_required_makes_rows_incomparable() -> None:
    assert translated([X], [X, Number(name="new", range=(0.0, 1.0))], {"x": 1}) == {}


def test_a_new_feature_that_is_optional_is_missing_as_in_a_client_s_request() -> None:
    assert translated([X], [Number(name="new", range=(0.0, 1.0), optional=True), X], {"x": 1}) == {0: (None, 1.0)}


def test_a_row_without_a_feature_that_became_required_is_not_comparable() -> None:
    optional = Number(name="x", range=(0.0, 1.0), optional=True)
    assert translated([optional], [X], {"x": 1}, {}, {"x": None}) == {0: (1.0,)}


@pytest.mark.parametrize(
    ("champion", "challenger", "sent", "accepted"),
    [
        (Category(name="x", values=("a", "b")), Category(name="x", values=("b", "c")), ["a", "b"], {1: ("b",)}),
        (Category(name="x", values=("a",), open=True), Category(name="x", values=("a",)), ["a", "z"], {0: ("a",)}),
        (
            Category(name="x", values=("a",)),
            Category(name="x", values=("b",), open=True),
            ["a", "a"],
            {0: ("a",), 1: ("a",)},
        ),
        (Text(name="x", max_length=9), Text(name="x", max_length=2), ["ab", "abc"], {0: ("ab",)}),
        (Number(name="x", range=(0.0, 1.0)), Boolean(name="x"), [1, 0.5], {0: (True,)}),
        (Boolean(name="x"), Number(name="x", range=(0.0, 1.0)), [True, 1], {1: (1.0,)}),
        (Number(name="x", range=(0.0, 1.0)), Text(name="x"), [1, 2], {}),
    ],
)
def test_values_that_the_challenger_would_refuse_make_a_row_incomparable(
    champion: Feature, challenger: Feature, sent: Sequence[Any], accepted: Mapping[int, Any]
) -> None:
    assert translated([champion], [challenger], *({"x": value} for value in sent)) == accepted


@pytest.mark.parametrize(
    ("challenger", "same"),
    [
        (Category(name="x", values=("a", "b", "c")), True),
        (Category(name="x", values=("a", "b"), optional=True), True),
        (Category(name="x", values=("b",), open=True), True),
        (Category(name="x", values=("a",)), False),
        (Text(name="x"), False),
    ],
)
def test_instances_are_passed_on_unread_only_where_each_value_is_accepted(challenger: Feature, same: bool) -> None:
    champion = manifest([Category(name="x", values=("a", "b"))])
    instances = decoded(champion, {"x": "b"})
    _, rows = Translation(champion, manifest([challenger])).rows(instances, Store())
    assert (rows is instances) == same


def test_a_feature_that_only_the_challenger_has_comes_from_the_store_in_one_pull() -> None:
    store, new = Store(), Number(name="new", range=(0.0, 1.0))
    sent = [{"x": 1, "entity_id": "p1"}, {"x": 2}, {"x": 3, "entity_id": "p2"}, {"x": 4, "entity_id": "unknown"}]
    assert translated([X], [X, new], *sent, store=store) == {0: (1.0, 3.5)}
    assert store.pulls == [(["p1", "p2", "unknown"], ["x", "new"])]


def test_a_stored_value_that_is_none_of_its_feature_makes_the_row_incomparable() -> None:
    new = Number(name="new", range=(0.0, 1.0), optional=True)
    sent = {"x": 1, "entity_id": "p3"}, {"x": 1, "entity_id": "p2"}
    assert translated([X], [X, new], *sent, store=Store()) == {1: (1.0, None)}


def test_nothing_is_pulled_where_it_could_not_help() -> None:
    store = Store()
    own = Number(name="own", range=(0.0, 1.0), stored=False, optional=True)
    strict = Category(name="c", values=("b",))
    champion = [X, Category(name="c", values=("a", "b"))]
    sent = {"x": 1, "c": "b", "entity_id": "p1"}, {"x": 1, "c": "a", "entity_id": "p1"}
    assert translated(champion, [X, strict, own], *sent, store=store) == {0: (1.0, "b", None)}
    assert store.pulls == []


def test_a_stored_boolean_is_a_number_where_the_challenger_has_learned_numbers() -> None:
    quantiles = {"flag": (0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0)}
    flag = Number(name="flag", range=(0.0, 1.0))
    challenger = manifest([X, flag], statistics=Statistics(quantiles=quantiles))
    instances = decoded(manifest([X]), {"x": 1, "entity_id": "p"}, entities=True)
    _, (row,) = Translation(manifest([X]), challenger).rows(instances, lambda *_: {"p": {"flag": True}})
    assert getattr(row, attribute(1)) == 1.0


def test_the_champion_s_instances_stay_as_they_are() -> None:
    champion = manifest([X])
    instances = decoded(champion, {"x": 1, "entity_id": "p1"}, entities=True)
    before = msgspec.json.encode(instances)
    Translation(champion, manifest([X, Number(name="new", range=(0.0, 1.0))])).rows(instances, Store())
    assert msgspec.json.encode(instances) == before
