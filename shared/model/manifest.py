"""The manifest as types: everything that is known of the model without loading it.

`model/slr.json` describes the features, the output, the model's files and a few golden examples with their results.
Validation, OpenAPI, pages and warnings derive from it; `tools/model` writes it.
"""

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeIs

import msgspec
from msgspec import Meta, Struct

from shared.problems import ModelCorrupt

APP = Path(__file__).resolve().parents[2]
"""The folder of function_app.py; relative paths in settings and manifests start here."""

UNUSABLE = re.compile(r'["\\\x00-\x1f]')
"""What msgspec's types do not take in a name."""
MAX_ABSOLUTE = 1e300
"""The limit for numbers: beyond it an overflow between two steps may show in one runtime and not in the other."""
MAX_CATEGORY_CHARACTERS = 1_000  # of a value that is new to an open category
MAX_TEXT_CHARACTERS = 10_000  # of free text, where the training data has no longer one

type Range = tuple[float, float]
type Value = float | str | bool | None
type Instance = dict[str, Value]
"""One row as a client sends it: feature name → number, category, boolean, or null."""
type Label = str | int | float | bool
"""A class's label. A classifier keeps the type it was trained with."""


class Number(Struct, frozen=True, kw_only=True, tag="number", tag_field="kind", omit_defaults=True):
    """A feature that is a number."""

    name: str
    label: str = ""
    unit: str = ""
    help: str = ""
    range: Range
    """Smallest and greatest value in the training data; a value outside it leads to a warning."""
    optional: bool = False
    """True when a row may lack it: absent or null."""
    stored: bool = True
    """True when it may come from the feature store, where one is configured."""


class Category(Struct, frozen=True, kw_only=True, tag="category", tag_field="kind", omit_defaults=True):
    """A feature that is one of a list of texts."""

    name: str
    label: str = ""
    help: str = ""
    values: Annotated[tuple[str, ...], Meta(min_length=1)]
    open: bool = False
    """True when other texts are predicted too, with a warning."""
    optional: bool = False
    stored: bool = True


class Boolean(Struct, frozen=True, kw_only=True, tag="boolean", tag_field="kind", omit_defaults=True):
    """A feature that is true or false; 1 and 0 for the estimator."""

    name: str
    label: str = ""
    help: str = ""
    optional: bool = False
    stored: bool = True

    range: ClassVar[Range] = (0.0, 1.0)


class Text(Struct, frozen=True, kw_only=True, tag="text", tag_field="kind", omit_defaults=True):
    """A feature that is free text. The texts of the training data are not kept."""

    name: str
    label: str = ""
    help: str = ""
    max_length: int = MAX_TEXT_CHARACTERS
    optional: bool = False
    stored: bool = True


type Feature = Number | Category | Boolean | Text


class Output(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The model's output."""

    name: str
    """The target's name in the training data."""
    label: str = ""
    unit: str = ""
    classes: tuple[Label, ...] = ()
    """Labels in order. A classifier's own, or the names of the bands between a regressor's `edges`."""
    edges: tuple[float, ...] = ()
    """A regressor's class edges, ascending, one fewer than `classes`; a value equal to an edge is above it."""
    probabilities: bool = False
    """True when a classifier computes a probability for every class."""


class Linear(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A linear estimator as a weighted sum, which was compared with the estimator and replaces it."""

    weights: tuple[float, ...] = ()
    """One per feature, in their order; empty where the manifest's `data` file has them."""
    intercept: float
    difference: float
    """The greatest relative difference from the estimator."""
    tolerance: float
    """The upper limit of that difference."""
    max_absolute: float = MAX_ABSOLUTE
    """The limit for numbers up to which both predict the same."""


class Onnx(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The estimator as an ONNX graph, which was compared with the estimator and replaces it."""

    file: str
    """Beside the manifest."""
    sha256: str
    runtime: str
    """The version of onnxruntime in that comparison."""
    difference: float
    """The greatest difference from the estimator: relative for values, absolute for probabilities."""
    tolerance: float
    """The upper limit of that difference."""
    max_absolute: float = MAX_ABSOLUTE
    """The limit for numbers up to which both predict the same."""


class Artifact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The file that holds the estimator."""

    file: str
    """Beside the manifest."""
    sha256: str
    """Of the file, hex. Finds corruption and mix-ups, not an attacker who can write both files."""
    estimator: str
    """For people: the class of the estimator, or of a pipeline's last step."""
    scikit_learn: str
    """The version that trained it; another major or minor version is refused."""
    rows: Literal["array", "frame", "typed frame", "series"] = "array"
    """The input that the estimator was fitted on: an array in the order of `features`, a data frame with named columns,
    one whose categories have pandas' category type, or the texts of the only feature."""
    onnx: Onnx | None = None
    """Served when it is there; the estimator's file is not opened then."""
    linear: Linear | None = None
    """Served when it is there; no file is opened then."""

    @property
    def runtime(self) -> Literal["numpy", "onnxruntime", "scikit-learn"]:
        """The library that computes predictions."""
        return "numpy" if self.linear else "onnxruntime" if self.onnx else "scikit-learn"

    @property
    def max_absolute(self) -> float:
        """The limit for numbers in requests, unless the training data had greater ones."""
        served = self.linear or self.onnx
        return served.max_absolute if served else MAX_ABSOLUTE


class Training(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The origin of the model, for people."""

    data: str
    rows: int
    score: float | None = None
    """On held-out rows: R² for a regressor, accuracy for a classifier."""
    score_name: str = ""
    held_out: int = 0


class Statistics(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Statistics of the training data, for drift queries. Never a row."""

    quantiles: dict[str, tuple[float, ...]] = {}
    """Number feature → its 0, 5, 25, 50, 75, 95 and 100 % quantiles."""
    lengths: dict[str, tuple[float, ...]] = {}
    """Text feature → the same quantiles of its number of characters."""
    shares: dict[str, dict[str, float]] = {}
    """Category or boolean feature → value → share of the rows."""
    missing: dict[str, float] = {}
    """Feature → share of the rows without it, where there are any."""
    prediction_quantiles: tuple[float, ...] = ()
    """A regressor's predictions on the training data: the same quantiles."""
    prediction_shares: dict[str, float] = {}
    """Class → share of the predictions on the training data."""


class Example(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A golden example: an instance and its right result, recorded when the model was adopted."""

    instance: Instance
    prediction: Label
    class_: Label | None = msgspec.field(name="class", default=None)
    probabilities: dict[str, float] | None = None


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a long manifest that is in a file of its own: what the service needs, and its clients do not."""

    statistics: Statistics = Statistics()
    weights: tuple[float, ...] = ()
    """Of a linear estimator."""
    examples: tuple[Example, ...] = ()
    """All of them; the manifest itself has the first."""


class DataFile(Struct, frozen=True, kw_only=True):
    """The file with the part of a long manifest that only the service needs."""

    file: str
    """Beside the manifest."""
    sha256: str


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
    data: DataFile | None = None
    """Of a manifest with many features."""

    @property
    def labels(self) -> tuple[Label, ...]:
        """A classifier's labels; empty for a regressor, whose classes are bands of its numbers."""
        return self.output.classes if self.kind == "classifier" else ()


def decode(content: bytes) -> Manifest:
    """Decode a manifest, without the part in its data file. Raises ModelCorrupt when it is not valid."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelCorrupt(reason=f"the manifest is not valid: {error}") from error
    if unusable := [feature.name for feature in manifest.features if UNUSABLE.search(feature.name)]:
        raise ModelCorrupt(
            reason=f"the manifest is not valid: a feature's name has a quote or the like: {unusable[0]!r}"
        )
    return manifest


def is_numeric(feature: Feature) -> TypeIs[Number | Boolean]:
    """Return True for a feature whose column is float64; the others are texts."""
    return isinstance(feature, (Number, Boolean))


def label_text(label: Label) -> str:
    """Return a label as JSON writes it as a member's name."""
    return label if isinstance(label, str) else msgspec.json.encode(label).decode()
