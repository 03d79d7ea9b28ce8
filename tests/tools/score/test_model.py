"""The members of GET /model that the client reads, from the service's own manifests."""

from typing import Any

import msgspec
import pytest

from shared.model import public
from tests.models import BANDS, MIXED, SIGNS, manifest
from tools.errors import ScoreError
from tools.score import model
from tools.score.model import Model, added_columns, choose_endpoint


def described(kind: str = "regressor", **members: Any) -> Model:
    """Return a model as the client reads it from a response of the service."""
    return model.decode(public.encode(manifest(kind=kind, **members)))


def test_features_of_every_kind_are_read() -> None:
    found = described(features=MIXED)
    assert [(each.name, each.kind, each.optional) for each in found.features] == [
        ("body mass/index", "number", False),
        ("class", "number", True),
        ("smoker?", "category", False),
        ("città", "category", True),
    ]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"<html>"])
def test_something_else_than_a_model_is_refused(content: bytes) -> None:
    with pytest.raises(ScoreError, match="is the URL that of the service"):
        model.decode(content)


def test_by_default_the_endpoint_is_the_one_with_the_most_results() -> None:
    assert choose_endpoint(described(), None) == "predict"
    assert choose_endpoint(described(output=BANDS), None) == "predict_class"
    assert choose_endpoint(described("classifier", output=SIGNS), None) == "predict_class"
    assert choose_endpoint(described(output=BANDS), "predict") == "predict"


def test_classes_of_a_model_without_them_are_refused() -> None:
    with pytest.raises(ScoreError, match="test-model has no classes: use --endpoint predict"):
        choose_endpoint(described(), "predict_class")


def test_the_new_columns_are_those_of_the_endpoint() -> None:
    assert added_columns(described(), "predict", "y") == ["y", "y_warnings"]
    assert added_columns(described(output=BANDS), "predict_class", "y") == ["y", "y_class", "y_warnings"]
    signs = described("classifier", output=SIGNS)
    assert added_columns(signs, "predict_class", "s") == [
        "s",
        "s_probability_low",
        "s_probability_high",
        "s_warnings",
    ]


def test_a_classifier_without_probabilities_has_no_columns_for_them() -> None:
    output = msgspec.structs.replace(SIGNS, probabilities=False)
    assert added_columns(described("classifier", output=output), "predict_class", "s") == ["s", "s_warnings"]


def test_labels_are_written_as_json_has_them() -> None:
    output = msgspec.structs.replace(SIGNS, classes=(0, 1.5, True))
    assert described("classifier", output=output).labels == ["0", "1.5", "true"]
