"""The manifest as types: what is known of the model without loading it.

`model/slr.json` says what goes in, what comes out, which file holds the model, and a few golden examples with their
answers. Validation, OpenAPI, pages and warnings derive from it; `tools/model` writes it. Read once, without numpy.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from shared import settings
from shared.problems import ModelCorrupt, ModelUnavailable

APP = Path(__file__).resolve().parent.parent
"""The folder of function_app.py; relative paths in settings and manifests start here."""

type Range = tuple[float, float]
type Value = float | str | None
type Instance = dict[str, Value]
"""One row as a client sends it: feature name → number, category, or null."""
type Label = str | int | float | bool
"""A class's label. A classifier keeps the type it was trained with."""


class Number(Struct, frozen=True, kw_only=True, tag="number", tag_field="kind", omit_defaults=True):
    """A feature that is a number."""

    name: str
    label: str = ""
    unit: str = ""
    help: str = ""
    range: Range
    """Least and greatest value in the training data; outside it the answer carries a warning."""
    optional: bool = False
    """Whether the estimator takes rows without it: absent or null."""
    stored: bool = True
    """Whether it may come from the feature store, where one is configured."""


class Category(Struct, frozen=True, kw_only=True, tag="category", tag_field="kind", omit_defaults=True):
    """A feature that is one of a list of texts."""

    name: str
    label: str = ""
    help: str = ""
    values: Annotated[tuple[str, ...], Meta(min_length=1)]
    optional: bool = False
    stored: bool = True


type Feature = Number | Category


class Output(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the model answers."""

    name: str
    """The target's name in the training data."""
    label: str = ""
    unit: str = ""
    classes: tuple[Label, ...] = ()
    """Labels in order. A classifier's own, or the names of the bands between a regressor's `edges`."""
    edges: tuple[float, ...] = ()
    """A regressor's class edges, ascending, one fewer than `classes`; a value equal to an edge is above it."""
    probabilities: bool = False
    """Whether a classifier answers a probability for every class."""


class Linear(Struct, frozen=True, kw_only=True):
    """A linear estimator as a weighted sum, which answers in its place: both were asked the same rows and agreed."""

    weights: Annotated[tuple[float, ...], Meta(min_length=1)]
    """One per feature, in their order."""
    intercept: float
    difference: float
    """The greatest one between both answers, relative to them."""
    tolerance: float
    """What it had to stay under."""


class Onnx(Struct, frozen=True, kw_only=True):
    """The estimator as an ONNX graph, which answers in its place: both were asked the same rows and agreed."""

    file: str
    """Beside the manifest."""
    sha256: str
    runtime: str
    """The version of onnxruntime that answered."""
    difference: float
    """The greatest one between both answers: of values relative to them, of probabilities as it is."""
    tolerance: float
    """What it had to stay under."""


class Artifact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The file that holds the estimator."""

    file: str
    """Beside the manifest."""
    sha256: str
    """Of the file, hex. Finds corruption and mix-ups, not an attacker who can write both files."""
    estimator: str
    """For people: the estimator's class, or the last step's in a pipeline."""
    scikit_learn: str
    """The version that trained it; another major or minor is refused."""
    rows: Literal["array", "frame", "typed frame"] = "array"
    """What the estimator was fitted on: an array in the order of `features`, a data frame with named columns, or one
    whose text columns have pandas' category type."""
    onnx: Onnx | None = None
    """Where it is there it is served, and the estimator's file is not opened."""
    linear: Linear | None = None
    """Where it is there it is served, and no file is opened."""

    @property
    def runtime(self) -> Literal["numpy", "onnxruntime", "scikit-learn"]:
        """What answers."""
        return "numpy" if self.linear else "onnxruntime" if self.onnx else "scikit-learn"


class Training(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the model comes from, for people."""

    data: str
    rows: int
    score: float | None = None
    """On rows that were held out: R² for a regressor, accuracy for a classifier."""
    score_name: str = ""
    held_out: int = 0


class Statistics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The training data's shape, for drift queries. Never a row."""

    quantiles: dict[str, tuple[float, ...]] = {}
    """Number feature → its 0, 5, 25, 50, 75, 95 and 100 % quantiles."""
    shares: dict[str, dict[str, float]] = {}
    """Category feature → value → share of the rows."""
    missing: dict[str, float] = {}
    """Feature → share of the rows without it, where there are any."""
    prediction_quantiles: tuple[float, ...] = ()
    """A regressor's answers on the training data: the same quantiles."""
    prediction_shares: dict[str, float] = {}
    """Class → share of the answers on the training data."""


class Example(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A golden example: what a right answer is, recorded when the model was adopted."""

    instance: Instance
    prediction: Label
    class_: Label | None = msgspec.field(name="class", default=None)
    probabilities: dict[str, float] | None = None


class Manifest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything the service knows of its model."""

    name: str
    version: str
    description: str = ""
    kind: Literal["regressor", "classifier"]
    features: Annotated[tuple[Feature, ...], Meta(min_length=1)]
    output: Output
    artifact: Artifact
    training: Training
    statistics: Statistics = Statistics()
    examples: Annotated[tuple[Example, ...], Meta(min_length=1)]

    @property
    def labels(self) -> tuple[Label, ...]:
        """What a classifier answers; nothing of a regressor, whose classes are bands of its numbers."""
        return self.output.classes if self.kind == "classifier" else ()


def path() -> Path:
    """The manifest's file."""
    return APP / settings.current().model_manifest


def decode(content: bytes) -> Manifest:
    """The manifest in `content`. Raises ModelCorrupt when it does not hold together."""
    try:
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelCorrupt(reason=f"the manifest is not valid: {error}") from error


@cache
def content() -> bytes:
    """The manifest as it stands in its file, read once. Raises ModelUnavailable when it is not there."""
    settings.current().require("model")
    try:
        return path().read_bytes()
    except OSError as error:
        raise ModelUnavailable(reason=f"the manifest cannot be read: {error}") from error


@cache
def current() -> Manifest:
    """The manifest of the model that this process serves, read once. Raises ModelUnavailable or ModelCorrupt."""
    return decode(content())
