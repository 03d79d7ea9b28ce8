"""The score: a model that predicts its own training data no better than chance has other data, and is refused.

Columns in another order, another target and labels of another kind show so. A low score that may be honest is printed.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.metrics import r2_score, roc_auc_score

from shared.model.manifest import Manifest, Training
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import probe
from tools.model.data import Table, sample
from tools.model.refused import Refused, join_names

NAMES = {"regressor": "R²", "classifier": "accuracy"}
PLACES = 4
MAX_ROWS_PREDICTED = 10_000  # enough for four places, and quick for any estimator
MARGIN = 0.02  # a score that is better by less may be luck
MIN_RANKING = 0.6  # area under the curve; rare classes are seldom predicted, but ranked
LOW_R2 = 0.1
ADVICE = (
    "Check the target, and the order of the columns. To adopt it all the same, add --anyway, or ANYWAY=1 with make."
)


class Agreement(NamedTuple):
    """Scores of a classifier, with those that need no model."""

    accuracy: float
    majority: float
    """The share of the most frequent label: the accuracy of always predicting it."""
    balanced: float
    """The mean of each label's share of right predictions."""
    chance: float
    """The balanced accuracy of always predicting the same label."""

    @property
    def by_chance(self) -> bool:
        """True when neither score is better than without a model."""
        return self.accuracy <= self.majority + MARGIN and self.balanced <= self.chance + MARGIN


def check(manifest: Manifest, estimator: Any, table: Table, *, anyway: bool = False) -> None:
    """Print the score on the training data. Raises Refused if it shows that the data is not the model's.

    With `anyway` the reason is only printed.
    """
    rows = _sample(manifest, table)
    if len(rows.frame) < 2:
        return
    predictions = probe.predict_table(manifest, estimator, rows)
    value = on_rows(manifest, rows, predictions)
    print(f"{NAMES[manifest.kind].capitalize()} on the training data: {value:g}.")
    if manifest.kind == "regressor":
        problem = _judge_regressor(manifest, rows, value)
    else:
        problem = _judge_classifier(manifest, estimator, rows, predictions)
    if problem and not anyway:
        raise problem
    if problem:
        print(problem)


def score(manifest: Manifest, estimator: Any, table: Table) -> float | None:
    """Return R² of a regressor or accuracy of a classifier, on at most 10,000 rows; None below two complete rows.

    Raises Refused if a regressor's target is not a number.
    """
    rows = _sample(manifest, table)
    if len(rows.frame) < 2:
        return None
    return on_rows(manifest, rows, probe.predict_table(manifest, estimator, rows))


def training(manifest: Manifest, estimator: Any, held_out: Table) -> Training:
    """Return the manifest's description of the training with the score on held-out rows. Raises Refused."""
    missing = [feature.name for feature in manifest.features if feature.name not in held_out.frame.columns]
    if missing:
        raise Refused(f"{held_out.source} lacks columns that are features of the model: {join_names(missing)}.")
    value = score(manifest, estimator, held_out)
    if value is not None:
        print(f"{NAMES[manifest.kind].capitalize()} on {held_out.source}: {value:g}.")
    return replace(manifest.training, score=value, score_name=NAMES[manifest.kind], held_out=len(held_out.frame))


def on_rows(manifest: Manifest, rows: Table, predictions: NDArray[Any]) -> float:
    """Return R² or accuracy of predictions for these rows. Raises Refused if a regressor's target is not a number."""
    if manifest.kind == "regressor":
        return round(float(r2_score(_numbers(manifest, rows), predictions)), PLACES)
    return round(_share(_equal(rows.target, predictions)), PLACES)


def _judge_regressor(manifest: Manifest, rows: Table, value: float) -> Refused | None:
    """Return the reason to refuse a regressor, if there is one."""
    if value <= 0:
        return Refused(
            f"The model predicts {manifest.output.name} in {rows.source} no better than its average does: R² is "
            f"{value:g}. {ADVICE}"
        )
    if value < LOW_R2:
        print("This is low. Compare it with the score in training.")
    return None


def _judge_classifier(manifest: Manifest, estimator: Any, rows: Table, predictions: NDArray[Any]) -> Refused | None:
    """Return the reason to refuse a classifier, if there is one."""
    if problem := _judge_labels(manifest, rows):
        return problem
    found = _agreement(rows.target, predictions)
    if found is None or found.accuracy > found.majority + MARGIN:
        return None
    if found.by_chance and _ranking(manifest, estimator, rows) < MIN_RANKING:
        return Refused(
            f"The model is no better than chance on {rows.source}: its accuracy is {found.accuracy:.3g}, and "
            f"{found.majority:.3g} without a model; its balanced accuracy is {found.balanced:.3g}, and "
            f"{found.chance:.3g} without a model. {ADVICE}"
        )
    print(
        f"This is low: the most frequent class alone has {found.majority:.3g}. The balanced accuracy is "
        f"{found.balanced:.3g}, and {found.chance:.3g} without a model. Both may be right if a class is rare."
    )
    return None


def _judge_labels(manifest: Manifest, rows: Table) -> Refused | None:
    """Return the reason to refuse a classifier whose classes are other labels; print labels that it lacks."""
    labels = sorted({*rows.target.tolist()}, key=str)
    unknown = [label for label in labels if label not in manifest.output.classes]
    if len(unknown) == len(labels):
        return Refused(
            f"No label of {manifest.output.name} in {rows.source} is a class of the model: {_listed(labels)} against "
            f"{_listed(manifest.output.classes)}. {ADVICE}"
        )
    if unknown:
        print(f"The model has no class for these labels: {_listed(unknown)}.")
    return None


def _agreement(target: NDArray[Any], predictions: NDArray[Any]) -> Agreement | None:
    """Return the scores of a classifier; None for a target with one label, which shows nothing."""
    counts = Counter(target.tolist())
    if len(counts) < 2:
        return None
    equal = _equal(target, predictions)
    right = Counter(label for label, same in zip(target.tolist(), equal, strict=True) if same)
    recalls = [right[label] / count for label, count in counts.items()]
    majority = max(counts.values()) / len(target)
    return Agreement(_share(equal), majority, float(np.mean(recalls)), 1 / len(counts))


def _ranking(manifest: Manifest, estimator: Any, rows: Table) -> float:
    """Return the mean area under the curve of each label; 0 for a model without probabilities."""
    if not manifest.output.probabilities:
        return 0.0
    model = SklearnModel(manifest, estimator)
    probabilities = np.array(model.predict(rows.columns(manifest.features), probabilities=True).probabilities)
    areas = []
    for label, column in zip(manifest.output.classes, probabilities.T, strict=True):
        is_label = np.array([value == label for value in rows.target.tolist()])
        if 0 < is_label.sum() < len(is_label):
            areas.append(float(roc_auc_score(is_label, column)))
    return float(np.mean(areas)) if areas else 0.0


def _equal(target: NDArray[Any], predictions: NDArray[Any]) -> list[bool]:
    """Return, for each row, True if the labels are equal. scikit-learn refuses to compare labels of two types."""
    return [bool(label == other) for label, other in zip(target.tolist(), predictions.tolist(), strict=True)]


def _share(equal: Sequence[bool]) -> float:
    return sum(equal) / len(equal)


def _numbers(manifest: Manifest, table: Table) -> NDArray[np.float64]:
    try:
        numbers = table.target.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise Refused(f"The model predicts numbers, but the target {manifest.output.name} has other values.")
    return numbers


def _listed(labels: Sequence[Any]) -> str:
    return join_names(repr(label) for label in labels)


def _sample(manifest: Manifest, table: Table) -> Table:
    return sample(table, manifest.features, MAX_ROWS_PREDICTED)
