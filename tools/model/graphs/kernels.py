"""Kernel methods: support vectors, kernel ridge, Gaussian processes, label propagation.

Each is a sum over stored points of a weight times a kernel of the row and the point.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.model.graphs.distances import euclidean_squared, manhattan
from tools.model.graphs.ensembles import pair_votes
from tools.model.graphs.frame import Frame, Unsupported
from tools.model.graphs.registry import Classified, by_sign, classifier, regressor
from tools.model.graphs.tensor import Tensor

MAX_STORED_NUMBERS = 2_000_000
"""Numbers in the stored points: 10,000 rows at once must fit into memory, and one row must not take milliseconds."""


@regressor("sklearn.SVR", "sklearn.NuSVR")
def support_vector_regressor(estimator: Any, frame: Frame) -> Tensor:
    """Return the kernels with the support vectors times their coefficients, plus the intercept."""
    similar = _support_kernel(estimator, frame)
    return (similar @ np.ascontiguousarray(estimator.dual_coef_.T) + float(estimator.intercept_[0])).reshape(-1)


@classifier("sklearn.SVC", "sklearn.NuSVC")
def support_vector_classifier(estimator: Any, frame: Frame) -> Classified:
    """Return the class by its sign, or with most votes among the pairs of classes, the first of equal ones."""
    similar = _support_kernel(estimator, frame)
    classes = len(estimator.classes_)
    if classes == 2:
        single = similar @ np.ascontiguousarray(estimator.dual_coef_.T) + float(estimator.intercept_[0])
        return Classified(by_sign(single.reshape(-1), zero=True), None, single.reshape(-1))
    decisions = similar @ _pair_weights(estimator) + np.asarray(estimator.intercept_, dtype=np.float64)
    for_second = (decisions <= 0.0).cast(np.float64)
    votes = pair_votes(for_second, decisions * 0.0, classes)
    scores = pair_votes((decisions < 0.0).cast(np.float64), -decisions, classes)
    by_scores = estimator.break_ties and estimator.decision_function_shape == "ovr"
    shape_ovr = estimator.decision_function_shape == "ovr"
    return Classified((scores if by_scores else votes).argmax(), None, scores if shape_ovr else decisions)


@regressor("sklearn.KernelRidge")
def kernel_ridge(estimator: Any, frame: Frame) -> Tensor:
    """Return the kernels with the training rows times their coefficients."""
    points = _stored(estimator.X_fit_)
    gamma = 1.0 / len(frame) if estimator.gamma is None else float(estimator.gamma)
    kernel = _Kernel(estimator.kernel, gamma, float(estimator.degree), float(estimator.coef0))
    similar = _kernel(kernel, frame, points)
    return (similar @ np.asarray(estimator.dual_coef_, dtype=np.float64).reshape(-1, 1)).reshape(-1)


@regressor("sklearn.GaussianProcessRegressor")
def gaussian_process(estimator: Any, frame: Frame) -> Tensor:
    """Return the mean of the process: kernels with the training rows times alpha, in the target's scale."""
    points = _stored(estimator.X_train_)
    similar = _process_kernel(estimator.kernel_, frame, points)
    mean = similar @ np.asarray(estimator.alpha_, dtype=np.float64).reshape(-1, 1)
    return (mean * np.ravel(estimator._y_train_std)[:1] + np.ravel(estimator._y_train_mean)[:1]).reshape(-1)


@classifier("sklearn.LabelPropagation", "sklearn.LabelSpreading")
def label_propagation(estimator: Any, frame: Frame) -> Classified:
    """Return the mean of the training rows' labels, weighted by their similarity."""
    if estimator.kernel != "rbf":
        raise Unsupported(f"no graph is written for the kernel {estimator.kernel}")
    similar = _kernel(_Kernel("rbf", float(estimator.gamma)), frame, _stored(estimator.X_))
    shares = similar @ np.asarray(estimator.label_distributions_, dtype=np.float64)
    shares = shares / shares.sum(keepdims=True)
    return Classified(shares.argmax(), shares)


def _support_kernel(estimator: Any, frame: Frame) -> Tensor:
    if getattr(estimator, "_sparse", False):
        raise Unsupported("the support vectors are a sparse matrix")
    points = _stored(estimator.support_vectors_)
    kernel = _Kernel(estimator.kernel, float(estimator._gamma), float(estimator.degree), float(estimator.coef0))
    return _kernel(kernel, frame, points)


def _pair_weights(estimator: Any) -> NDArray[np.float64]:
    """Return the weights of the support vectors in the decision of each pair of classes, shape (vectors, pairs)."""
    counts = estimator.n_support_.tolist()
    owner = np.repeat(np.arange(len(counts)), counts)
    pairs = [(i, j) for i in range(len(counts)) for j in range(i + 1, len(counts))]
    weights = np.zeros((len(owner), len(pairs)))
    for k, (i, j) in enumerate(pairs):
        weights[owner == i, k] = estimator.dual_coef_[j - 1, owner == i]
        weights[owner == j, k] = estimator.dual_coef_[i, owner == j]
    return weights


class _Kernel(NamedTuple):
    """A kernel of scikit-learn by its name."""

    name: Any
    gamma: float
    degree: float = 0.0
    coef0: float = 0.0


def _kernel(kernel: _Kernel, frame: Frame, points: NDArray[np.float64]) -> Tensor:
    """Return the kernel of rows and points, shape (rows, points)."""
    name, gamma, degree, coef0 = kernel
    rows = frame.matrix()
    if name == "rbf":
        return (euclidean_squared(rows, points, len(frame)) * -gamma).apply("Exp")
    if name == "laplacian":
        return (manhattan(rows, points, len(frame)) * -gamma).apply("Exp")
    product = rows @ np.ascontiguousarray(points.T)
    if name == "linear":
        return product
    if name in ("poly", "polynomial"):
        return (product * gamma + coef0) ** degree
    if name == "sigmoid":
        return (product * gamma + coef0).apply("Tanh")
    raise Unsupported(f"no graph is written for the kernel {name}")


def _process_kernel(kernel: Any, frame: Frame, points: NDArray[np.float64]) -> Tensor:
    """Return a kernel of a Gaussian process between rows and training rows, shape (rows, points)."""
    name = type(kernel).__name__
    if name in ("Sum", "Product"):
        first, second = (_process_kernel(part, frame, points) for part in (kernel.k1, kernel.k2))
        return first + second if name == "Sum" else first * second
    if name == "Exponentiation":
        return _process_kernel(kernel.kernel, frame, points) ** float(kernel.exponent)
    if name in ("ConstantKernel", "WhiteKernel"):
        value = float(kernel.constant_value) if name == "ConstantKernel" else 0.0
        return frame.matrix() @ np.zeros(points.T.shape) + value
    if name == "DotProduct":
        return frame.matrix() @ np.ascontiguousarray(points.T) + float(kernel.sigma_0) ** 2
    return _stationary(kernel, frame, points)


def _stationary(kernel: Any, frame: Frame, points: NDArray[np.float64]) -> Tensor:
    """Return a kernel of the distances between rows and points."""
    name = type(kernel).__name__
    if name == "RationalQuadratic":
        squared = euclidean_squared(frame.matrix(), points, len(frame))
        base = squared / float(2 * kernel.alpha * kernel.length_scale**2) + 1.0
        return base ** -float(kernel.alpha)
    scale = np.asarray(getattr(kernel, "length_scale", 1.0), dtype=np.float64)
    squared = euclidean_squared(frame.matrix() / scale, points / scale, len(frame))
    if name == "RBF":
        return (squared * -0.5).apply("Exp")
    if name == "Matern":
        return _matern(float(kernel.nu), squared)
    raise Unsupported(f"no graph is written for the kernel {name}")


def _matern(nu: float, squared: Tensor) -> Tensor:
    """Return the Matérn kernel for the values of nu that have a closed form."""
    if nu == np.inf:
        return (squared * -0.5).apply("Exp")
    distance = squared.apply("Sqrt") * float(np.sqrt(2 * nu))
    decay = (-distance).apply("Exp")
    if nu == 0.5:
        return decay
    if nu == 1.5:
        return (distance + 1.0) * decay
    if nu == 2.5:
        return (distance + 1.0 + distance * distance / 3.0) * decay
    raise Unsupported(f"no graph is written for a Matérn kernel with nu {nu:g}")


def _stored(points: Any) -> NDArray[np.float64]:
    """Return the stored points. Raises Unsupported when they are too many to compare each row with."""
    array = np.asarray(points, dtype=np.float64)
    if array.size > MAX_STORED_NUMBERS:
        raise Unsupported(f"it compares each row with {len(array)} stored rows, too many for a graph")
    return np.ascontiguousarray(array)
