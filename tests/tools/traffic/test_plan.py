import json
import random
from collections import Counter
from typing import Any

import pytest

from tools.traffic.plan import KINDS, Ask, Plan

MANIFEST: dict[str, Any] = {
    "features": [
        {"kind": "number", "name": "body mass/index", "range": [10.0, 50.0]},
        {"kind": "category", "name": "ward", "values": ["a", "b"]},
    ],
    "output": {"classes": ["low", "high"]},
}
PEOPLE = {"abi": "password", "ben": "another"}


@pytest.fixture
def plan() -> Plan:
    return Plan(MANIFEST, PEOPLE, random.Random(1))  # noqa: S311


def instance(ask: Ask) -> dict[str, Any]:
    first: dict[str, Any] = json.loads(ask.body)["instances"][0]
    return first


def test_predictions_are_as_the_manifest_wants_them(plan: Plan) -> None:
    for _ in range(100):
        values = instance(plan.prediction("predictions"))
        assert set(values) == {"body mass/index", "ward"}
        assert 10 <= values["body mass/index"] <= 50
        assert values["ward"] in ("a", "b")


def test_half_of_the_instances_leave_their_features_to_the_store() -> None:
    plan = Plan(MANIFEST, PEOPLE, random.Random(1), ["p1", "p2"])  # noqa: S311
    asked = [instance(plan.prediction("predictions")) for _ in range(1_000)]
    entities = [each["entity_id"] for each in asked if "entity_id" in each]
    assert set(entities) == {"p1", "p2"}
    assert 400 < len(entities) < 600


def test_a_value_outside_the_range_is_outside(plan: Plan) -> None:
    assert instance(plan.outside("outside"))["body mass/index"] > 50


def test_all_users_and_both_functions_take_part(plan: Plan) -> None:
    asks = [plan.prediction("predictions") for _ in range(100)]
    assert {ask.user for ask in asks} == set(PEOPLE)
    assert {ask.path for ask in asks} == {"/predict", "/predict_class"}


def test_a_model_without_classes_is_not_asked_for_any() -> None:
    plan = Plan({**MANIFEST, "output": {}}, PEOPLE, random.Random(1))  # noqa: S311
    assert {plan.prediction("predictions").path for _ in range(50)} == {"/predict"}


def test_wrong_passwords_are_not_tried_for_users_who_exist(plan: Plan) -> None:
    names = {json.loads(plan.wrong_login("wrong").body)["username"] for _ in range(50)}
    assert not names & set(PEOPLE)


def test_every_kind_has_its_share(plan: Plan) -> None:
    count = Counter(plan.next().kind for _ in range(5_000))
    assert sum(share for share, _ in KINDS.values()) == 100
    assert {kind: count[kind] / 50 for kind in KINDS} == pytest.approx(
        {k: share for k, (share, _) in KINDS.items()}, abs=2
    )
