"""The model as `GET /model` describes it: the members that a client needs, and the columns that its responses fill."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from tools.errors import ScoreError

type Endpoint = Literal["predict", "predict_class"]


class Feature(Struct, frozen=True):
    """One feature of an instance."""

    name: str
    kind: str
    """number, category, boolean or text."""
    optional: bool = False
    stored: bool = True
    """True when a feature store may have it."""
    values: tuple[str, ...] = ()
    """Of a category."""


class Output(Struct, frozen=True):
    """What the model predicts."""

    name: str
    classes: tuple[Any, ...] = ()
    probabilities: bool = False


class Statistics(Struct, frozen=True):
    """Statistics of the training data."""

    quantiles: dict[str, tuple[float, ...]] = {}


class Model(Struct, frozen=True):
    """A model that a service serves."""

    name: str
    version: str
    kind: str
    """regressor or classifier."""
    features: tuple[Feature, ...]
    output: Output
    statistics: Statistics = Statistics()

    @property
    def is_classifier(self) -> bool:
        """Return True for a classifier, and False for a regressor."""
        return self.kind == "classifier"

    @property
    def labels(self) -> Sequence[str]:
        """Return the classes' labels as JSON writes them as names of members."""
        classes = self.output.classes
        return [label if isinstance(label, str) else msgspec.json.encode(label).decode() for label in classes]


def decode(content: bytes) -> Model:
    """Decode a response of /model. Raises ScoreError for anything else."""
    try:
        return msgspec.json.decode(content, type=Model)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise ScoreError("/model returned no model: is the URL that of the service?") from None


def choose_endpoint(model: Model, requested: str | None) -> Endpoint:
    """Return the endpoint: by default the one with the most results. Raises ScoreError for a model without classes."""
    if requested == "predict_class" and not model.output.classes:
        raise ScoreError(f"{model.name} has no classes: use --endpoint predict.")
    return "predict" if requested == "predict" or not model.output.classes else "predict_class"


def added_columns(model: Model, endpoint: Endpoint, name: str) -> Sequence[str]:
    """Return the names of the columns that are written behind those of the input."""
    if endpoint == "predict":
        return [name, f"{name}_warnings"]
    if not model.is_classifier:
        return [name, f"{name}_class", f"{name}_warnings"]
    labels = model.labels if model.output.probabilities else ()
    return [name, *(f"{name}_probability_{label}" for label in labels), f"{name}_warnings"]
