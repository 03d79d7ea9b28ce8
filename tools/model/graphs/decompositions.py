"""Projections on components: PCA and its relatives."""

from typing import Any

import numpy as np

from tools.model.graphs.frame import Frame
from tools.model.graphs.registry import transformer
from tools.model.graphs.tensor import Tensor


@transformer("sklearn.PCA", "sklearn.IncrementalPCA")
def pca(estimator: Any, frame: Frame) -> Frame:
    """Return x · components - mean · components, divided by the deviations where the components are whitened."""
    components = np.ascontiguousarray(estimator.components_.T)
    projected = frame.matrix() @ components - (estimator.mean_.reshape(1, -1) @ components)
    if estimator.whiten:
        projected = projected / np.maximum(np.sqrt(estimator.explained_variance_), np.finfo(np.float64).eps)
    return _frame(projected, estimator)


@transformer("sklearn.TruncatedSVD")
def truncated_svd(estimator: Any, frame: Frame) -> Frame:
    """Return x · components."""
    return _frame(frame.matrix() @ np.ascontiguousarray(estimator.components_.T), estimator)


@transformer("sklearn.FastICA")
def fast_ica(estimator: Any, frame: Frame) -> Frame:
    """Return (x - mean) · components."""
    rows = frame.matrix() - estimator.mean_ if estimator.whiten else frame.matrix()
    return _frame(rows @ np.ascontiguousarray(estimator.components_.T), estimator)


@transformer("sklearn.FactorAnalysis")
def factor_analysis(estimator: Any, frame: Frame) -> Frame:
    """Return the expected factors: (x - mean) · W' · (I + W C')⁻¹, where W is the components over the noise."""
    scaled = estimator.components_ / estimator.noise_variance_
    inverse = np.linalg.inv(np.eye(len(estimator.components_)) + scaled @ estimator.components_.T)
    return _frame((frame.matrix() - estimator.mean_) @ np.ascontiguousarray(scaled.T) @ inverse, estimator)


@transformer("sklearn.LinearDiscriminantAnalysis")
def discriminant_transform(estimator: Any, frame: Frame) -> Frame:
    """Return the rows on the axes that separate the classes best."""
    rows = frame.matrix()
    if estimator.solver == "svd":
        projected = (rows - estimator.xbar_) @ estimator.scalings_
    else:
        projected = rows @ estimator.scalings_
    count = estimator._max_components
    return Frame.from_tensor(projected.columns(range(count)), count)


def _frame(projected: Tensor, estimator: Any) -> Frame:
    return Frame.from_tensor(projected, len(estimator.components_))
