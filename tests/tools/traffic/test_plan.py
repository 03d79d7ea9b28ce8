"""Planned requests fit the manifest, or do not, in the planned shares."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from tools.traffic.plan import KINDS, Plan, PlannedRequest

MANIFEST: dict[str, Any] = {
    "features": [
        {"kind": "number", "name": "body mass/index", "range": [10.0, 50.0]},
        {"kind": "category", "name": "ward", "values": ["a", "b"]},
    ],
    "output": {"classes": ["low", "high"]},
}
PASSWORDS = {"abi": "password", "ben": "another"}


@pytest.fixture
def plan() -> Plan:
    return Plan(MANIFEST, PASSWORDS, random.Random(1))  # noqa: S311


def first_instance(request: PlannedRequest) -> dict[str, Any]:
    instances: list[dict[str, Any]] = json.loads(request.body)["instances"]
    return instances[0]


def test_predictions_fit_the_manifest(plan: Plan) -> None:
    for _ in range(100):
        values = first_instance(plan.prediction("predictions"))
        assert set(values) == {"body mass/index", "ward"}
        assert 10 <= values["body mass/index"] <= 50
        assert values["ward"] in ("a", "b")


def test_half_of_the_instances_name_an_entity() -> None:
    plan = Plan(MANIFEST, PASSWORDS, random.Random(1), ["p1", "p2"])  # noqa: S311
    instances = [first_instance(plan.prediction("predictions")) for _ in range(1_000)]
    entities = [instance["entity_id"] for instance in instances if "entity_id" in instance]
    assert set(entities) == {"p1", "p2"}
    assert 400 < len(entities) < 600


def test_a_value_outside_the_range_is_outside(plan: Plan) -> None:
    assert first_instance(plan.outside("outside"))["body mass/index"] > 50


def test_predictions_come_from_all_users_for_both_functions(plan: Plan) -> None:
    requests = [plan.prediction("predictions") for _ in range(100)]
    assert {request.user for request in requests} == set(PASSWORDS)
    assert {request.path for request in requests} == {"/predict", "/predict_class"}


def test_a_model_without_classes_gets_no_requests_for_classes() -> None:
    plan = Plan({**MANIFEST, "output": {}}, PASSWORDS, random.Random(1))  # noqa: S311
    assert {plan.prediction("predictions").path for _ in range(50)} == {"/predict"}


def test_wrong_passwords_are_never_those_of_existing_users(plan: Plan) -> None:
    names = {json.loads(plan.wrong_login("wrong").body)["username"] for _ in range(50)}
    assert not names & set(PASSWORDS)


def test_every_kind_has_its_share(plan: Plan) -> None:
    count = Counter(plan.next().kind for _ in range(5_000))
    assert sum(share for share, _ in KINDS.values()) == 100
    assert {kind: count[kind] / 50 for kind in KINDS} == pytest.approx(
        {kind: share for kind, (share, _) in KINDS.items()}, abs=2
    )
