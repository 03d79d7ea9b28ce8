"""Other estimators: linear, kernels, neighbours, Bayes, networks, and what is around them."""

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, Matern, RationalQuadratic, WhiteKernel
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    GammaRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    TweedieRegressor,
)
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, PowerTransformer, RobustScaler, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from tests.tools.model.graphed import TARGET, WIDE, written
from tools.model.parity import TOLERANCE, NotServed

SUM = WIDE.sum(axis=1)
POSITIVE = np.exp(SUM / 4)
SIDE = np.where(SUM > 0, "high", "low")
THIRDS = np.digitize(SUM + WIDE[:, 0] ** 2, [-0.5, 1.5])
TREE, FOREST = DecisionTreeRegressor(max_depth=4, random_state=0), RandomForestRegressor(6, random_state=0)
TREES, FORESTS = DecisionTreeClassifier(max_depth=4, random_state=0), RandomForestClassifier(6, random_state=0)
LOGISTIC = LogisticRegression()


def scaled(estimator: Any) -> Any:
    return make_pipeline(StandardScaler(), estimator)


REGRESSORS = [
    Lasso(0.01),
    SVR(),
    SVR(kernel="poly", degree=2),
    SVR(kernel="sigmoid", gamma=0.01),
    KernelRidge(kernel="rbf"),
    KernelRidge(kernel="laplacian"),
    KernelRidge(kernel="polynomial", degree=2),
    GaussianProcessRegressor(ConstantKernel() * RBF(2.0) + WhiteKernel(1.0), optimizer=None, normalize_y=True),
    GaussianProcessRegressor(Matern(2.0, nu=2.5) + WhiteKernel(1.0), optimizer=None),
    GaussianProcessRegressor(RationalQuadratic() + DotProduct() + WhiteKernel(1.0), optimizer=None),
    KNeighborsRegressor(),
    KNeighborsRegressor(3, weights="distance"),
    KNeighborsRegressor(metric="manhattan"),
    MLPRegressor(hidden_layer_sizes=(5, 4), tol=0.1, random_state=0),
    MLPRegressor(hidden_layer_sizes=(5,), activation="tanh", tol=0.1, random_state=0),
    BaggingRegressor(TREE, 5, max_features=0.6, random_state=0),
    BaggingRegressor(Ridge(), 5, random_state=0),
    VotingRegressor([("forest", FOREST), ("ridge", Ridge())], weights=[2, 1]),
    StackingRegressor([("forest", FOREST), ("svr", scaled(SVR()))], passthrough=True, cv=3),
    TransformedTargetRegressor(Ridge(), transformer=PowerTransformer()),
    TransformedTargetRegressor(FOREST, transformer=RobustScaler()),
    TransformedTargetRegressor(Ridge(), transformer=MinMaxScaler()),
    GridSearchCV(TREE, {"max_depth": [2, 3]}, cv=2),
    DummyRegressor(),
]
POSITIVES = [
    PoissonRegressor(),
    GammaRegressor(),
    TweedieRegressor(power=1.5),
    TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
    TransformedTargetRegressor(FOREST, transformer=FunctionTransformer(np.log1p, np.expm1)),
    TransformedTargetRegressor(Ridge(), func=np.sqrt, inverse_func=np.square),
]
CLASSIFIERS = [
    LOGISTIC,
    scaled(LOGISTIC),
    RidgeClassifier(),
    LinearSVC(),
    SGDClassifier(loss="log_loss", random_state=0),
    SGDClassifier(loss="modified_huber", random_state=0),
    SVC(),
    SVC(kernel="linear", decision_function_shape="ovo"),
    SVC(break_ties=True),
    NuSVC(),
    LinearDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(),
    GaussianNB(),
    BernoulliNB(),
    NearestCentroid(),
    KNeighborsClassifier(),
    KNeighborsClassifier(4, weights="distance"),
    MLPClassifier((5,), tol=0.1, random_state=0),
    OneVsRestClassifier(LOGISTIC),
    OneVsRestClassifier(TREES),
    OneVsOneClassifier(LinearSVC()),
    OutputCodeClassifier(LOGISTIC, random_state=0),
    BaggingClassifier(TREES, 5, max_features=0.6, random_state=0),
    BaggingClassifier(LinearSVC(), 5, random_state=0),
    VotingClassifier([("forest", FORESTS), ("logistic", LOGISTIC)], voting="soft", weights=[1, 2]),
    VotingClassifier([("forest", FORESTS), ("tree", TREES)]),
    StackingClassifier([("forest", FORESTS), ("svc", scaled(SVC()))], cv=3),
    StackingClassifier([("tree", TREES)], TREES, stack_method="predict", passthrough=True, cv=3),
    CalibratedClassifierCV(FORESTS, cv=3),
    CalibratedClassifierCV(LinearSVC(), method="isotonic", cv=3),
    GridSearchCV(scaled(LOGISTIC), {"logisticregression__C": [0.1, 1.0]}, cv=2),
    DummyClassifier(),
]
BINARY = [FixedThresholdClassifier(FORESTS, threshold=0.3), TunedThresholdClassifierCV(scaled(LOGISTIC), cv=3)]


def label(estimator: Any) -> str:
    return " ".join(repr(estimator).split())[:60]


@pytest.mark.parametrize("estimator", REGRESSORS, ids=label)
def test_a_regressor_predicts_the_same(estimator: Any) -> None:
    assert written(estimator, WIDE, SUM + WIDE[:, 0] ** 2).onnx.difference < TOLERANCE


@pytest.mark.parametrize("estimator", POSITIVES, ids=label)
def test_a_regressor_of_positive_numbers_predicts_the_same(estimator: Any) -> None:
    assert written(estimator, WIDE, POSITIVE).onnx.difference < TOLERANCE


@pytest.mark.parametrize("labels", [SIDE, THIRDS], ids=["two classes", "three classes"])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=label)
def test_a_classifier_predicts_the_same(estimator: Any, labels: Any) -> None:
    assert written(estimator, WIDE, labels).onnx.difference < TOLERANCE


@pytest.mark.parametrize("estimator", BINARY, ids=label)
def test_a_threshold_of_the_owner_decides(estimator: Any) -> None:
    assert written(estimator, WIDE, (SUM > 0).astype(int)).onnx.difference < TOLERANCE


@pytest.mark.parametrize("beyond", ["clip", "nan"])
def test_an_isotonic_regression_ends_as_its_owner_wants(beyond: str) -> None:
    assert written(IsotonicRegression(out_of_bounds=beyond), WIDE[:, :1], SUM).onnx.difference < TOLERANCE


def test_a_frozen_estimator_is_the_one_inside() -> None:
    frozen = FrozenEstimator(RandomForestClassifier(6, random_state=0).fit(WIDE, SIDE))
    assert written(CalibratedClassifierCV(frozen), WIDE, SIDE).onnx.difference < TOLERANCE


def test_too_many_stored_rows_stay_with_scikit_learn() -> None:
    rows = np.random.default_rng(0).normal(size=(30_000, 4))
    with pytest.raises(NotServed, match="compares each row with 30000 stored rows, too many for a graph"):
        written(KNeighborsRegressor(), rows, rows[:, 0])


def test_a_class_without_a_graph_is_named() -> None:
    class Own(Ridge):
        """An estimator of an owner."""

    with pytest.raises(NotServed, match="no graph is written for Own"):
        written(Own(), WIDE, TARGET)
