"""The response to a request for predictions, as the cells of new columns; or as the reasons why rows are refused."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from tools.errors import ScoreError
from tools.score.connection import BadField, Response
from tools.score.model import Endpoint, Model

POINTER = re.compile(r"/instances/(\d+)(?:/(.*))?", re.DOTALL)


class ModelName(Struct, frozen=True):
    """The model that made the predictions."""

    name: str
    version: str


class FeatureWarning(Struct, frozen=True):
    """Values of a feature that the training data did not have."""

    feature: str
    instances: list[int]
    range: tuple[float, float] | None = None


class Predictions(Struct, frozen=True):
    """A response of /predict or /predict_class."""

    model: ModelName
    predictions: list[Any]
    warnings: list[FeatureWarning]
    values: list[Any] | None = None
    probabilities: list[dict[str, float]] | None = None


def read(response: Response, model: Model, endpoint: Endpoint, rows: int) -> Sequence[Sequence[Any]]:
    """Return the new cells of each row, in the order of `added_columns`.

    Raises ScoreError for another model than that of the run, and for a body that does not fit the request.
    """
    try:
        found = msgspec.json.decode(response.body, type=Predictions)
        if (found.model.name, found.model.version) != (model.name, model.version):
            raise ScoreError(
                f"the service's model was {model.name} {model.version} and is now "
                f"{found.model.name} {found.model.version}"
            )
        columns = [*_columns(found, model, endpoint), _warnings(found.warnings, rows)]
        if any(len(column) != rows for column in columns):
            raise ScoreError(f"/{endpoint} returned {len(found.predictions)} predictions for {rows} rows")
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError) as error:
        raise ScoreError(f"/{endpoint} returned what is no prediction: {error}") from error
    return list(zip(*columns, strict=True))


def _columns(found: Predictions, model: Model, endpoint: Endpoint) -> Sequence[Sequence[Any]]:
    if endpoint == "predict":
        return [found.predictions]
    if not model.is_classifier:
        return [found.values or [], found.predictions]
    if not model.output.probabilities:
        return [found.predictions]
    return [found.predictions, *([row[label] for row in found.probabilities or []] for label in model.labels)]


def _warnings(warnings: Sequence[FeatureWarning], rows: int) -> Sequence[str]:
    """Return each row's warnings as one text."""
    texts = [""] * rows
    for warning in warnings:
        text = f"{warning.feature}: {_warned(warning)}"
        for at in warning.instances:
            texts[at] = f"{texts[at]}; {text}" if texts[at] else text
    return texts


def _warned(warning: FeatureWarning) -> str:
    return "outside {:g} to {:g}".format(*warning.range) if warning.range else "new to the model"


def reasons(errors: Sequence[BadField], rows: int) -> dict[int, str]:
    """Return the reasons by row, where the errors name instances of the request."""
    found: dict[int, list[str]] = {}
    for error in errors:
        match = POINTER.fullmatch(error.pointer)
        if match and int(match[1]) < rows:
            name = (match[2] or "").replace("~1", "/").replace("~0", "~")
            found.setdefault(int(match[1]), []).append(f"{name}: {error.detail}" if name else error.detail)
    return {at: "; ".join(details) for at, details in found.items()}
