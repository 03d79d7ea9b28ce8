"""What an estimator takes, found out by asking it: rows go in as the service sends them.

Estimators rarely say whether they want names, types or every value. They answer, warn or fail.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from shared.model.columns import Column, assemble
from shared.model.manifest import Feature, Manifest, Number
from tools.model.data import Table
from tools.model.refused import Refused, listed, one_line

ROWS_COMPARED = 50
MOST_DIFFERENCE = 1e-6  # of the greatest answer; float32 columns differ by less, a misread column by much more


def predict(of: Manifest, estimator: Any, columns: Sequence[Column]) -> NDArray[Any]:
    """The estimator's answer for each row. Raises Refused when it is not one answer per row, or whatever it raises."""
    answer = estimator.predict(assemble(of, columns))
    count = len(columns[0])
    if not isinstance(answer, np.ndarray):
        raise Refused(f"predict answers a {type(answer).__name__}; the service takes numpy arrays.")
    if answer.size != count:
        each = answer.size // max(count, 1)
        raise Refused(f"The model answers {each} values for one row; the service takes models with one target.")
    return answer.ravel()


def predicted(of: Manifest, estimator: Any, some: Table) -> NDArray[Any]:
    """The answers to rows of the data. Raises Refused when the estimator fails or some answers are not finite."""
    try:
        answers = predict(of, estimator, some.columns(of.features))
    except Refused:
        raise
    except Exception as error:
        raise Refused(
            f"The model fails on rows of {some.source}, which must be its own data: {one_line(error)}"
        ) from error
    if of.kind == "regressor" and (bad := int((~np.isfinite(answers)).sum())):
        raise Refused(f"The model's answer to {bad} of {len(answers)} rows of {some.source} is not a finite number.")
    return answers


def quietly(call: Callable[..., Any], *args: Any) -> Any:
    """What the call returns, or None when it fails or scikit-learn warns that rows are not what it was fitted on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", UserWarning)  # feature names, unknown categories
        try:
            return call(*args)
        except Exception:
            return None


def used(estimator: Any, table: Table, names: Sequence[str]) -> list[str]:
    """Those of `names` without which the estimator does not answer, or answers otherwise.

    A ColumnTransformer is fitted on names that it may drop. Raises Refused when the data lacks one that is needed.
    """
    kept = [name for name in names if name in table.frame.columns]
    fullest = table.frame[kept].isna().sum(axis=1).sort_values(kind="stable").index[:ROWS_COMPARED]
    sample = table.frame.loc[fullest]
    whole = quietly(estimator.predict, sample[kept])
    if len(kept) < len(names) and whole is None:
        absent = listed(name for name in names if name not in kept)
        raise Refused(f"{table.source} lacks columns that the model was trained on: {absent}.")
    for name in list(kept) if whole is not None else ():
        fewer = [each for each in kept if each != name]
        answer = quietly(estimator.predict, sample[fewer])
        if fewer and answer is not None and np.array_equal(answer, whole):
            kept = fewer
    return kept


def taken(of: Manifest, estimator: Any, kinds: Sequence[str], row: Sequence[Column]) -> str:
    """The first of `kinds` (array, frame, typed frame) that the estimator takes without a warning, or at all."""
    silent = (kind for kind in kinds if quietly(predict, with_rows(of, kind), estimator, row) is not None)
    if kind := next(silent, None):
        return kind
    try:
        predict(with_rows(of, kinds[0]), estimator, row)
    except Refused:
        raise
    except NotFittedError:
        raise Refused("The model is not fitted: call fit before saving it.") from None
    except Exception as error:
        raise Refused(f"The model does not answer a row of its own data: {one_line(error)}{_hint(of)}") from error
    return kinds[0]


def may_miss(of: Manifest, estimator: Any, row: Sequence[Column]) -> frozenset[str]:
    """The features without which the estimator answers `row`: no error, no warning, and a finite answer.

    This asks what it does, not whether it was trained on missing values. Where it takes each of them alone but not all
    at once, none may be missing.
    """
    blank = [_missing(feature) for feature in of.features]
    lenient = {i for i in range(len(row)) if _answers(of, estimator, [*row[:i], blank[i], *row[i + 1 :]])}
    together = [blank[i] if i in lenient else row[i] for i in range(len(row))]
    if not _answers(of, estimator, together):
        return frozenset()
    return frozenset(of.features[i].name for i in lenient)


def agree(raw: NDArray[Any], served: NDArray[Any]) -> bool:
    """Whether both answers are the same, numbers up to rounding."""
    if raw.dtype.kind == "f" and served.dtype.kind == "f":
        scale = float(np.nanmax(np.abs(raw), initial=0.0))
        return bool(np.allclose(raw, served, rtol=0.0, atol=MOST_DIFFERENCE * scale, equal_nan=True))
    return bool(np.array_equal(raw, served))


def with_rows(of: Manifest, kind: Any) -> Manifest:
    """The manifest with another way for rows to reach the estimator."""
    return replace(of, artifact=replace(of.artifact, rows=kind))


def _answers(of: Manifest, estimator: Any, row: Sequence[Column]) -> bool:
    answer = quietly(predict, of, estimator, row)
    return answer is not None and (answer.dtype.kind != "f" or bool(np.isfinite(answer).all()))


def _missing(feature: Feature) -> Column:
    return np.array([np.nan], dtype=np.float64 if isinstance(feature, Number) else object)


def _hint(of: Manifest) -> str:
    whole = any(isinstance(each, Number) and float(each.range[0]).is_integer() for each in of.features)
    return " (columns of digits that were texts in training are named by --text)" if whole else ""
