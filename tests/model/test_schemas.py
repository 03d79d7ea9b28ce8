"""Decoding: what the manifest lets in, and what it does not."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import schemas
from shared.manifest import Number
from shared.problems import InvalidInstances, MalformedJson, Problem, TooManyInstances
from shared.schemas import contract
from tests.models import BANDS, MIXED, SIGNS, manifest

MIXED_CONTRACT = contract(manifest(MIXED))
GOOD = {"body mass/index": 21.5, "smoker?": "yes"}


def decode(*instances: Any) -> list[Any]:
    return [
        msgspec.structs.astuple(each) for each in MIXED_CONTRACT.decode(json.dumps({"instances": instances}).encode())
    ]


def test_instances_are_decoded_in_the_manifest_s_order_of_features() -> None:
    given = {"città": "Roma", "smoker?": "no", "class": 0.5, "body mass/index": 21.5}
    assert decode(given) == [(21.5, 0.5, "no", "Roma")]


def test_a_whole_number_is_a_number() -> None:
    assert decode({**GOOD, "body mass/index": 21}) == [(21.0, None, "yes", None)]


def test_an_optional_feature_may_be_absent_or_null() -> None:
    assert decode(GOOD, {**GOOD, "class": None, "città": None}) == [(21.5, None, "yes", None)] * 2


def test_the_last_of_duplicate_members_counts() -> None:
    body = b'{"instances":[{"body mass/index":1,"body mass/index":2,"smoker?":"no"}]}'
    assert msgspec.structs.astuple(MIXED_CONTRACT.decode(body)[0])[0] == 2.0


@pytest.mark.parametrize(
    "change",
    [
        {"body mass/index": "21"},
        {"body mass/index": True},
        {"body mass/index": None},
        {"smoker?": "maybe"},
        {"smoker?": None},
        {"smoker?": 1},
        {"other": 1},
    ],
    ids=str,
)
def test_what_the_manifest_does_not_let_in_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInstances) as caught:
        decode({**GOOD, **change})
    assert len(caught.value.fields) == 1


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_a_literal_that_json_does_not_have_is_malformed(literal: str) -> None:
    with pytest.raises(MalformedJson):
        MIXED_CONTRACT.decode(f'{{"instances":[{{"body mass/index":{literal},"smoker?":"no"}}]}}'.encode())


def test_too_many_instances_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "MOST_INSTANCES", 2)
    assert len(decode(GOOD, GOOD)) == 2
    with pytest.raises(TooManyInstances):
        decode(GOOD, GOOD, GOOD)


@given(
    st.binary() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(str).map(str.encode)
)
def test_whatever_is_sent_only_a_problem_comes_out(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        MIXED_CONTRACT.decode(body)
    assert caught.value.status in (400, 413, 422)


NAMES = st.sampled_from([*(feature.name for feature in MIXED), "entity_id", "other", ""]) | st.text(max_size=3)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["yes", "Roma"]) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=4,
)
NEARLY = st.fixed_dictionaries(
    {
        "instances": st.lists(
            st.fixed_dictionaries({}, optional={each.name: VALUE for each in MIXED}) | VALUE, max_size=4
        )
    }
)


@given(NEARLY | st.dictionaries(st.sampled_from(["instances", "more"]), VALUE, max_size=2) | VALUE)
def test_whatever_json_is_sent_instances_or_a_problem_come_out(body: Any) -> None:
    try:
        found: Any = MIXED_CONTRACT.decode(json.dumps(body).encode())
    except (InvalidInstances, MalformedJson) as problem:
        found = problem
    assert isinstance(found, Problem) or len(found) == len(body["instances"])


@given(st.fixed_dictionaries({"body mass/index": st.floats(allow_nan=False, allow_infinity=False)}), st.data())
def test_every_instance_that_fits_the_manifest_is_decoded(instance: dict[str, Any], data: st.DataObject) -> None:
    more = {"class": st.none() | st.floats(0, 1), "città": st.none() | st.sampled_from(["Roma", "Łódź"])}
    drawn = data.draw(st.fixed_dictionaries({"smoker?": st.sampled_from(["yes", "no"])}, optional=more))
    assert len(decode({**instance, **drawn})) == 1


def test_a_good_body_is_decoded_once_and_not_searched_for_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas.faults, "explain", lambda *_: pytest.fail("searched"))
    assert decode(GOOD)


def schema_of(kind: type[Any]) -> dict[str, Any]:
    found = msgspec.json.schema(kind)
    definition: dict[str, Any] = found["$defs"][found["$ref"].rsplit("/", 1)[1]]
    return definition


def test_a_regressor_answers_numbers_to_predict() -> None:
    assert schema_of(contract(manifest()).predictions)["properties"]["predictions"]["items"] == {"type": "number"}


def test_a_classifier_answers_its_labels_to_predict() -> None:
    kind = contract(manifest(kind="classifier", output=SIGNS)).predictions
    assert schema_of(kind)["properties"]["predictions"]["items"] == {"enum": ["high", "low"]}


def test_a_regressor_s_classes_come_with_values() -> None:
    members = schema_of(contract(manifest(output=BANDS)).classes)["properties"]
    assert list(members) == ["model", "predictions", "values", "warnings", "request_id"]


def test_a_classifier_s_classes_come_with_probabilities() -> None:
    members = schema_of(contract(manifest(kind="classifier", output=SIGNS)).classes)["properties"]
    assert list(members) == ["model", "predictions", "probabilities", "warnings", "request_id"]


@pytest.mark.parametrize("labels", [(0, 1), (True, False), (0.5, 1.5), ("a", 1)], ids=str)
def test_labels_of_any_type_make_a_contract(labels: tuple[Any, ...]) -> None:
    output = msgspec.structs.replace(SIGNS, classes=labels)
    assert schema_of(contract(manifest(kind="classifier", output=output)).classes)


def test_the_schema_tells_label_unit_range_and_what_happens_outside() -> None:
    schema = msgspec.json.schema(MIXED_CONTRACT.request)
    feature = schema["$defs"]["Instance"]["properties"]["body mass/index"]
    assert feature["title"] == "BMI"
    assert feature["description"] == "Trained on 10 to 50, kg/m²; outside it the answer carries a warning."


def test_the_schema_says_what_is_required_and_that_nothing_else_is_taken() -> None:
    instance = msgspec.json.schema(MIXED_CONTRACT.request)["$defs"]["Instance"]
    assert instance["required"] == ["body mass/index", "smoker?"]
    assert instance["additionalProperties"] is False


def test_a_hundred_features_are_no_trouble() -> None:
    many = contract(manifest([Number(name=f"x {i}", range=(0.0, 1.0)) for i in range(100)]))
    body = json.dumps({"instances": [{f"x {i}": i / 100 for i in range(100)}]}).encode()
    assert msgspec.structs.astuple(many.decode(body)[0])[99] == 0.99
