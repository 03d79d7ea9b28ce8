"""Columns: instances in the form that the estimator was fitted on."""

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from msgspec import structs

from shared.model import schemas
from shared.model.columns import Reader, Row, assemble, matrix, warnings
from shared.model.manifest import Artifact, Boolean, Category, Manifest, Number, Text
from tests.models import MIXED, manifest

TWO = b"""{"instances":[
    {"body mass/index":20,"class":0.5,"smoker?":"no","citt\\u00e0":"Roma"},
    {"body mass/index":60,"smoker?":"yes"}]}"""


def fitted_on(kind: str, features: Any = MIXED) -> Manifest:
    artifact = Artifact(file="m", sha256="", estimator="", scikit_learn="1.9.1", rows=kind)  # type: ignore[arg-type]
    return manifest(features, artifact=artifact)


def assembled(described: Manifest, body: bytes = TWO) -> Any:
    instances = schemas.build(described).decode(body)
    return assemble(described, Reader(described.features).columns(instances))


def test_numbers_become_a_float64_array_of_instances_by_features() -> None:
    features = [Number(name="a", range=(0.0, 1.0)), Number(name="b", range=(0.0, 1.0), optional=True)]
    matrix = assembled(fitted_on("array", features), b'{"instances":[{"a":1,"b":2},{"a":3},{"a":5,"b":null}]}')
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix, [[1, 2], [3, np.nan], [5, np.nan]])


def test_one_feature_becomes_one_column() -> None:
    matrix = assembled(fitted_on("array", [Number(name="a", range=(0.0, 1.0))]), b'{"instances":[{"a":1},{"a":2}]}')
    assert matrix.shape == (2, 1)


def test_texts_make_an_array_of_objects() -> None:
    matrix = assembled(fitted_on("array"))
    assert matrix.dtype == object
    assert matrix[0].tolist() == [20.0, 0.5, "no", "Roma"]
    assert pd.isna(matrix[1, 1])
    assert pd.isna(matrix[1, 3])


def test_one_instance_becomes_one_row_of_floats_or_objects() -> None:
    body = b'{"instances":[{"body mass/index":20,"class":0.5,"smoker?":"no"}]}'
    matrix = assembled(fitted_on("array"), body)
    assert (matrix.dtype, matrix.shape) == (object, (1, 4))
    assert matrix[0, :3].tolist() == [20.0, 0.5, "no"]
    features = [Number(name="a", range=(0.0, 1.0)), Number(name="b", range=(0.0, 1.0), optional=True)]
    numbers = assembled(fitted_on("array", features), b'{"instances":[{"a":1}]}')
    assert numbers.dtype == np.float64
    np.testing.assert_array_equal(numbers, [[1, np.nan]])


def test_booleans_become_ones_and_zeros() -> None:
    features = [Boolean(name="a"), Boolean(name="b", optional=True)]
    matrix = assembled(fitted_on("array", features), b'{"instances":[{"a":true,"b":1.0},{"a":0},{"a":1,"b":false}]}')
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix, [[1, 1], [0, np.nan], [1, 0]])


def test_a_boolean_in_a_typed_frame_has_no_categories() -> None:
    frame = assembled(fitted_on("typed frame", [Boolean(name="a")]), b'{"instances":[{"a":true}]}')
    assert frame["a"].dtype == np.float64


def test_a_boolean_has_no_range_to_be_outside() -> None:
    assert warnings([Boolean(name="a")], [np.array([1.0])]) == []


WARD = Category(name="ward", values=("x", "y"), open=True)


def test_one_warning_per_open_category_names_the_instances_with_new_values() -> None:
    for texts, positions, subject in (
        (["z"], [0], "1 instance has"),
        (["x", "z", np.nan, ""], [1, 3], "2 instances have"),
    ):
        (warning,) = warnings([WARD], [np.array(texts, dtype=object)])
        assert msgspec.json.decode(msgspec.json.encode(warning)) == {
            "feature": "ward",
            "instances": positions,
            "detail": f"{subject} a value that is new to the model",
        }


def test_known_and_missing_values_of_an_open_category_have_no_warning() -> None:
    for texts in (["x"], [np.nan], ["y", "x", np.nan]):
        assert warnings([WARD], [np.array(texts, dtype=object)]) == []


def test_an_estimator_of_texts_gets_its_only_feature() -> None:
    texts = assembled(fitted_on("series", [Text(name="note")]), b'{"instances":[{"note":"a b"},{"note":"c"}]}')
    assert texts.tolist() == ["a b", "c"]


def test_a_frame_has_the_features_names_as_columns() -> None:
    frame = assembled(fitted_on("frame"))
    assert list(frame.columns) == ["body mass/index", "class", "smoker?", "città"]
    assert frame["body mass/index"].dtype == np.float64
    assert frame["città"].isna().tolist() == [False, True]


def test_a_typed_frame_has_all_categories_even_those_that_do_not_occur() -> None:
    frame = assembled(fitted_on("typed frame"))
    assert frame["città"].cat.categories.tolist() == ["Roma", "Łódź"]
    assert frame["città"].isna().tolist() == [False, True]


def test_one_warning_per_feature_names_the_instances_outside() -> None:
    described = fitted_on("array")
    instances = schemas.build(described).decode(TWO)
    listed = warnings(described.features, Reader(described.features).columns(instances))
    assert [structs.asdict(warning) for warning in listed] == [
        {
            "feature": "body mass/index",
            "range": (10.0, 50.0),
            "instances": [1],
            "detail": "1 instance is outside the range the model was trained on",
        }
    ]


@pytest.mark.parametrize(("value", "warned"), [(-1.0, False), (1.0, False), (1.0001, True), (-1.0001, True)])
def test_the_ends_of_the_range_are_inside(value: float, warned: bool) -> None:
    features = [Number(name="a", range=(-1.0, 1.0))]
    assert bool(warnings(features, [np.array([value, 0.0, value])])) is warned


def test_several_instances_are_described_in_the_plural() -> None:
    (warning,) = warnings([Number(name="a", range=(0.0, 1.0))], [np.array([2.0, 0.5, -1.0])])
    assert (warning.instances, warning.detail[:17]) == ([0, 2], "2 instances are o")


def test_a_missing_value_is_not_outside() -> None:
    assert warnings([Number(name="a", range=(0.0, 1.0), optional=True)], [np.array([np.nan])]) == []


def test_one_instance_of_numbers_is_the_same_columns_with_one_array() -> None:
    features = [Number(name=name, range=(0.0, 4.0)) for name in ("a", "b", "c")]
    described = fitted_on("array", features)
    decoder, reader = schemas.build(described), Reader(features)
    [whole, other] = (decoder.decode(b'{"instances":[{"a":1,"b":2.5,"c":%s}]}' % c) for c in (b"4", b"4.5"))

    row = reader.columns(whole)
    assert isinstance(row, Row)
    assert [column.tolist() for column in row] == [[1.0], [2.5], [4.0]]
    assert matrix(row).tolist() == [[1.0, 2.5, 4.0]]
    assert matrix(row).flags.c_contiguous
    assert warnings(features, row) == []
    assert [found.feature for found in warnings(features, reader.columns(other))] == ["c"]


def test_one_instance_with_a_gap_or_a_text_is_no_row() -> None:
    body = b'{"instances":[{"body mass/index":20,"class":0.5,"smoker?":"no"}]}'
    assert not isinstance(Reader(MIXED).columns(schemas.build(fitted_on("array")).decode(body)), Row)
    gaps = [Number(name="a", range=(0.0, 1.0)), Number(name="b", range=(0.0, 1.0), optional=True)]
    decoded = schemas.build(fitted_on("array", gaps)).decode(b'{"instances":[{"a":1}]}')
    assert not isinstance(Reader(gaps).columns(decoded), Row)
