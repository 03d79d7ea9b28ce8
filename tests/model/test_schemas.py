"""Decoding: instances that the manifest allows, and those that it does not."""

import dataclasses
import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model import schemas
from shared.model.manifest import Boolean, Category, Number, Text
from shared.problems import InvalidInstances, MalformedJson, Problem, TooManyInstances
from tests.models import BANDS, MIXED, SIGNS, manifest

MIXED_SCHEMAS = schemas.build(manifest(MIXED))
OPEN = Category(name="x", values=("a", "b"), open=True, help="A letter.")
GOOD = {"body mass/index": 21.5, "smoker?": "yes"}


def decode(*instances: Any) -> list[Any]:
    decoded = MIXED_SCHEMAS.decode(json.dumps({"instances": instances}).encode())
    return [msgspec.structs.astuple(instance) for instance in decoded]


def test_instances_are_decoded_in_the_manifest_s_order_of_features() -> None:
    instance = {"città": "Roma", "smoker?": "no", "class": 0.5, "body mass/index": 21.5}
    assert decode(instance) == [(21.5, 0.5, "no", "Roma")]


def test_a_whole_number_is_a_number() -> None:
    assert decode({**GOOD, "body mass/index": 21}) == [(21.0, None, "yes", None)]


def test_an_optional_feature_may_be_absent_or_null() -> None:
    assert decode(GOOD, {**GOOD, "class": None, "città": None}) == [(21.5, None, "yes", None)] * 2


def test_the_last_of_duplicate_members_counts() -> None:
    body = b'{"instances":[{"body mass/index":1,"body mass/index":2,"smoker?":"no"}]}'
    assert msgspec.structs.astuple(MIXED_SCHEMAS.decode(body)[0])[0] == 2.0


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
def test_values_that_the_manifest_does_not_allow_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInstances) as caught:
        decode({**GOOD, **change})
    assert len(caught.value.bad_fields) == 1


def test_an_open_category_may_be_any_text_up_to_a_length() -> None:
    opened = schemas.build(manifest([OPEN]))
    for text in ("a", "new", "", "x" * 1000):
        assert opened.decode(json.dumps({"instances": [{"x": text}]}).encode())[0].f0 == text  # type: ignore[attr-defined]
    for value in ("x" * 1001, 1, None, True):
        with pytest.raises(InvalidInstances):
            opened.decode(json.dumps({"instances": [{"x": value}]}).encode())


def test_free_text_may_be_any_text_up_to_its_length() -> None:
    texts = schemas.build(manifest([Text(name="x", max_length=5)]))
    for text in ("", "five!"):
        assert texts.decode(json.dumps({"instances": [{"x": text}]}).encode())[0].f0 == text  # type: ignore[attr-defined]
    for value in ("longer", 1, None):
        with pytest.raises(InvalidInstances) as caught:
            texts.decode(json.dumps({"instances": [{"x": value}]}).encode())
        assert len(caught.value.bad_fields) == 1


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("false", False), ("1", True), ("0", False), ("1.0", True), ("-0.0", False)]
)
def test_a_boolean_may_be_true_false_one_or_zero(value: str, expected: bool) -> None:
    booleans = schemas.build(manifest([Boolean(name="x")]))
    (instance,) = booleans.decode(f'{{"instances":[{{"x":{value}}}]}}'.encode())
    assert instance.f0 == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "value", ["2", "-1", "0.5", "1e-320", "1.0000000000000002", "1e999", '"true"', '"1"', "null", "[]"]
)
def test_other_values_for_a_boolean_are_refused(value: str) -> None:
    with pytest.raises(InvalidInstances) as caught:
        schemas.build(manifest([Boolean(name="x")])).decode(f'{{"instances":[{{"x":{value}}}]}}'.encode())
    assert len(caught.value.bad_fields) == 1


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_literals_that_json_does_not_have_are_malformed(literal: str) -> None:
    with pytest.raises(MalformedJson):
        MIXED_SCHEMAS.decode(f'{{"instances":[{{"body mass/index":{literal},"smoker?":"no"}}]}}'.encode())


def test_too_many_instances_are_refused() -> None:
    limited = dataclasses.replace(MIXED_SCHEMAS, max_instances=2)
    assert len(limited.decode(json.dumps({"instances": [GOOD] * 2}).encode())) == 2
    with pytest.raises(TooManyInstances):
        limited.decode(json.dumps({"instances": [GOOD] * 3}).encode())


@given(
    st.binary() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(str).map(str.encode)
)
def test_any_bytes_lead_to_a_problem(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        MIXED_SCHEMAS.decode(body)
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
            st.fixed_dictionaries({}, optional={feature.name: VALUE for feature in MIXED}) | VALUE, max_size=4
        )
    }
)


@given(NEARLY | st.dictionaries(st.sampled_from(["instances", "more"]), VALUE, max_size=2) | VALUE)
def test_any_json_leads_to_instances_or_a_problem(body: Any) -> None:
    try:
        result: Any = MIXED_SCHEMAS.decode(json.dumps(body).encode())
    except (InvalidInstances, MalformedJson) as problem:
        result = problem
    assert isinstance(result, Problem) or len(result) == len(body["instances"])


@given(st.fixed_dictionaries({"body mass/index": st.floats(allow_nan=False, allow_infinity=False)}), st.data())
def test_every_instance_that_fits_the_manifest_is_decoded(instance: dict[str, Any], data: st.DataObject) -> None:
    optional = {"class": st.none() | st.floats(0, 1), "città": st.none() | st.sampled_from(["Roma", "Łódź"])}
    drawn = data.draw(st.fixed_dictionaries({"smoker?": st.sampled_from(["yes", "no"])}, optional=optional))
    assert len(decode({**instance, **drawn})) == 1


def schema_of(kind: type[Any]) -> dict[str, Any]:
    schema = msgspec.json.schema(kind)
    definition: dict[str, Any] = schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    return definition


def test_a_regressor_s_predictions_are_numbers() -> None:
    assert schema_of(schemas.build(manifest()).predictions)["properties"]["predictions"]["items"] == {"type": "number"}


def test_a_classifier_s_predictions_are_its_labels() -> None:
    kind = schemas.build(manifest(kind="classifier", output=SIGNS)).predictions
    assert schema_of(kind)["properties"]["predictions"]["items"] == {"enum": ["high", "low"]}


def test_a_regressor_s_classes_come_with_values() -> None:
    members = schema_of(schemas.build(manifest(output=BANDS)).classes)["properties"]
    assert list(members) == ["model", "predictions", "values", "warnings", "request_id"]


def test_a_classifier_s_classes_come_with_probabilities() -> None:
    members = schema_of(schemas.build(manifest(kind="classifier", output=SIGNS)).classes)["properties"]
    assert list(members) == ["model", "predictions", "probabilities", "warnings", "request_id"]


@pytest.mark.parametrize("labels", [(0, 1), (True, False), (0.5, 1.5), ("a", 1)], ids=str)
def test_labels_of_any_type_make_a_schema(labels: tuple[Any, ...]) -> None:
    output = msgspec.structs.replace(SIGNS, classes=labels)
    assert schema_of(schemas.build(manifest(kind="classifier", output=output)).classes)


def test_the_schema_describes_label_unit_range_and_the_warning() -> None:
    schema = msgspec.json.schema(schemas.instances_type(manifest(MIXED)))
    feature = schema["$defs"]["Instance"]["properties"]["body mass/index"]
    assert feature["title"] == "BMI"
    assert feature["description"] == "Trained on 10 to 50, kg/m²; outside it the response carries a warning."


def test_the_schema_of_a_boolean_is_a_boolean_for_generated_clients() -> None:
    schema = msgspec.json.schema(schemas.instances_type(manifest([Boolean(name="x", help="Smokes.")])))
    feature = schema["$defs"]["Instance"]["properties"]["x"]
    expected = {"type": "boolean", "title": "x", "description": "Smokes. The numbers 1 and 0 are accepted too."}
    assert feature == expected


def test_the_schema_of_an_open_category_has_its_values_as_examples() -> None:
    schema = msgspec.json.schema(schemas.instances_type(manifest([OPEN])))
    feature = schema["$defs"]["Instance"]["properties"]["x"]
    assert (feature["type"], feature["maxLength"], feature["examples"]) == ("string", 1000, ["a", "b"])
    new = "Other values than the examples are predicted too; the response then carries a warning."
    assert feature["description"] == f"A letter. {new}"


@pytest.mark.parametrize(
    ("features", "required"),
    [([OPEN], ["feature", "instances", "detail"]), (MIXED, ["feature", "range", "instances", "detail"])],
)
def test_only_models_with_open_categories_have_warnings_without_a_range(features: Any, required: list[str]) -> None:
    schema = msgspec.json.schema(schemas.build(manifest(features)).predictions)
    (warning,) = [members for name, members in schema["$defs"].items() if name in ("OutsideRange", "FeatureWarning")]
    assert warning["required"] == required


def test_the_schema_lists_required_features_and_forbids_others() -> None:
    instance = msgspec.json.schema(schemas.instances_type(manifest(MIXED)))["$defs"]["Instance"]
    assert instance["required"] == ["body mass/index", "smoker?"]
    assert instance["additionalProperties"] is False


def test_a_hundred_features_work() -> None:
    many = schemas.build(manifest([Number(name=f"x {i}", range=(0.0, 1.0)) for i in range(100)]))
    body = json.dumps({"instances": [{f"x {i}": i / 100 for i in range(100)}]}).encode()
    assert msgspec.structs.astuple(many.decode(body)[0])[99] == 0.99


FREE = manifest([Number(name="age", range=(0.0, 9.0), optional=True), Text(name="note", optional=True)])


def test_too_many_objects_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    types = schemas.build(FREE)
    body = b'{"instances":[' + b",".join([b"{}"] * (types.max_instances + 1)) + b"]}"
    unread = dataclasses.replace(types, decoder=SimpleNamespace(decode=lambda _: pytest.fail("decoded")))
    with pytest.raises(TooManyInstances):
        unread.decode(body)


def test_braces_in_texts_are_no_instances() -> None:
    note = "{" * 9_000 + '\\"{'
    body = msgspec.json.encode({"instances": [{"note": note}, {"note": note}]})
    assert len(schemas.build(FREE).decode(body)) == 2
