"""Steps that put columns together: ColumnTransformer, FeatureUnion, Pipeline, and selections of columns."""

from typing import Any

import numpy as np

from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.lookups import lookup
from tools.model.graphs.registry import Classified, classifier, classify, regress, regressor, transform, transformer
from tools.model.graphs.tensor import Tensor

SELECTORS = (
    "sklearn.SelectKBest",
    "sklearn.SelectPercentile",
    "sklearn.SelectFpr",
    "sklearn.SelectFdr",
    "sklearn.SelectFwe",
    "sklearn.GenericUnivariateSelect",
    "sklearn.SelectFromModel",
    "sklearn.SequentialFeatureSelector",
    "sklearn.RFE",
    "sklearn.RFECV",
    "sklearn.VarianceThreshold",
)


@transformer("sklearn.ColumnTransformer", checks=False)
def column_transformer(estimator: Any, frame: Frame) -> Frame:
    """Return the outputs of each transformer for its own columns, side by side."""
    positions = _positions(estimator, frame)
    parts = []
    for name, member, columns in estimator.transformers_:
        chosen = np.atleast_1d(estimator._transformer_to_input_indices[name]).tolist()
        if member == "drop" or not chosen:
            continue
        try:
            part = frame.select([positions[i] for i in chosen])
        except KeyError as missing:
            raise Unsupported("a step uses a column that does not change the predictions") from missing
        flat = isinstance(columns, (str, int, np.integer))
        parts.append(lookup(member, part, flat=True) if flat and not part.numeric else _step(member, part))
    return Frame.join(parts)


@transformer("sklearn.FeatureUnion", checks=False)
def feature_union(estimator: Any, frame: Frame) -> Frame:
    """Return the outputs of all transformers side by side, each times its weight."""
    parts = []
    for name, member in estimator.transformer_list:
        if member == "drop":
            continue
        part = _step(member, frame)
        weight = (estimator.transformer_weights or {}).get(name)
        parts.append(part if weight is None else Frame.from_tensor(part.matrix() * float(weight), len(part)))
    return Frame.join(parts)


@transformer("sklearn.Pipeline", "imblearn.Pipeline", checks=False)
def pipeline_transform(estimator: Any, frame: Frame) -> Frame:
    """Return the outputs of all steps."""
    for _, step in estimator.steps:
        frame = _step(step, frame)
    return frame


@regressor("sklearn.Pipeline", "imblearn.Pipeline", checks=False)
def pipeline_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the predictions of the last step."""
    return regress(estimator.steps[-1][1], _before_last(estimator, frame))


@classifier("sklearn.Pipeline", "imblearn.Pipeline", checks=False)
def pipeline_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the results of the last step."""
    return classify(estimator.steps[-1][1], _before_last(estimator, frame))


@transformer(*SELECTORS, checks=False)
def selector(estimator: Any, frame: Frame) -> Frame:
    """Return the columns that were chosen in training."""
    return frame.select(estimator.get_support(indices=True).tolist())


def _before_last(estimator: Any, frame: Frame) -> Frame:
    for _, step in estimator.steps[:-1]:
        if not hasattr(step, "fit_resample"):  # samples rows in training only
            frame = _step(step, frame)
    return frame


def _step(step: Any, frame: Frame) -> Frame:
    return frame if step is None or step == "passthrough" else transform(step, frame)


def _positions(estimator: Any, frame: Frame) -> dict[int, int]:
    """Return each fitted column's place in the frame: by name, as columns that nothing uses may be left out."""
    names = [column.name for column in frame.columns]
    if all(names) and hasattr(estimator, "feature_names_in_"):
        return {i: names.index(name) for i, name in enumerate(estimator.feature_names_in_) if name in names}
    return {i: i for i in range(len(frame))}
