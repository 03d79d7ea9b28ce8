"""The graph: written where onnxruntime answers as scikit-learn does, and a reason for people where it does not."""

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.svm import SVC

from shared.model.manifest import Manifest
from shared.model.runtimes.onnx import OnnxModel
from shared.model.runtimes.sklearn import SklearnModel
from tests.tools.model.estimators import draft
from tools.model import contract, graph, parity
from tools.model.contract import Texts
from tools.model.data import Table, table
from tools.model.output import Edges
from tools.model.parity import TOLERANCE, NotServed

CHANCE = np.random.default_rng(5)
MIXED = pd.DataFrame(
    {
        "body mass/index": CHANCE.normal(27, 4, 200),
        "Größe (cm)": CHANCE.normal(170, 9, 200),
        "città": CHANCE.choice(["Roma", "Łódź"], 200),
        "a b": CHANCE.choice(["x", "y", "z"], 200),
    }
)
NUMBERS = MIXED[["body mass/index", "Größe (cm)"]]
ARRAY = NUMBERS.to_numpy()
TARGET = ARRAY @ [2.0, -1.0] + 10.0 * (MIXED["a b"] == "x").to_numpy()
LABELS = np.where(np.median(TARGET) < TARGET, "high", "low")


def encoded(encoder: Any, last: Any) -> Any:
    numbers = ("numbers", StandardScaler(), list(NUMBERS))
    return make_pipeline(ColumnTransformer([numbers, ("texts", encoder, ["città", "a b"])]), last)


def settled(estimator: Any, X: Any, y: Any) -> tuple[Manifest, Table]:  # noqa: N803 - scikit-learn's name
    data = table(X, y, names=list(NUMBERS) if isinstance(X, np.ndarray) else (), source="d")
    kind = "classifier" if hasattr(estimator, "classes_") else "regressor"
    return contract.build(draft(kind), estimator, data, Texts(), Edges()), data


def written(estimator: Any, X: Any, y: Any) -> graph.Written:  # noqa: N803 - scikit-learn's name
    estimator.fit(X, y)
    of, data = settled(estimator, X, y)
    return graph.of(of, estimator, data)


REGRESSORS = {
    "an array": (LinearRegression(), ARRAY),
    "a frame of numbers": (LinearRegression(), NUMBERS),
    "scaling": (make_pipeline(StandardScaler(), Ridge()), ARRAY),
    "scaling of a frame": (make_pipeline(MinMaxScaler(), Ridge()), NUMBERS),
    "one-hot": (encoded(OneHotEncoder(), LinearRegression()), MIXED),
    "one-hot without its first": (encoded(OneHotEncoder(drop="first"), LinearRegression()), MIXED),
    "ordinal": (encoded(OrdinalEncoder(), Ridge()), MIXED),
    "columns by position": (
        make_pipeline(ColumnTransformer([("all", StandardScaler(), [1, 0])]), LinearRegression()),
        ARRAY,
    ),
}
CLASSIFIERS = {
    "logistic": (LogisticRegression(), ARRAY),
    "scaling": (make_pipeline(StandardScaler(), LogisticRegression()), ARRAY),
    "one-hot": (encoded(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), MIXED),
    "one-hot first": (
        make_pipeline(
            ColumnTransformer([("texts", OneHotEncoder(), ["a b"]), ("numbers", StandardScaler(), list(NUMBERS))]),
            LogisticRegression(),
        ),
        MIXED,
    ),
    "network": (make_pipeline(StandardScaler(), MLPClassifier((3,), random_state=0, max_iter=2_000)), ARRAY),
}


@pytest.mark.parametrize(("estimator", "X"), REGRESSORS.values(), ids=REGRESSORS)
def test_a_regressors_graph_answers_the_same_numbers(estimator: Any, X: Any) -> None:  # noqa: N803
    found = written(estimator, X, TARGET)
    of, data = settled(estimator, X, TARGET)
    columns = data.columns(of.features)
    np.testing.assert_allclose(
        found.graph.predict(columns).predictions, SklearnModel(of, estimator).predict(columns).predictions, rtol=1e-9
    )
    assert found.onnx.difference <= TOLERANCE == found.onnx.tolerance


@pytest.mark.parametrize(("estimator", "X"), CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_a_classifiers_graph_answers_the_same_labels(estimator: Any, X: Any) -> None:  # noqa: N803
    found = written(estimator, X, LABELS)
    of, data = settled(estimator, X, LABELS)
    likely = of.output.probabilities
    columns = data.columns(of.features)
    wanted, given = (each.predict(columns, probabilities=likely) for each in (SklearnModel(of, estimator), found.graph))
    assert given.predictions == wanted.predictions
    if likely:
        np.testing.assert_allclose(given.probabilities, wanted.probabilities, atol=1e-9)


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (RandomForestClassifier(3), LABELS),
        (GradientBoostingRegressor(n_estimators=3), TARGET),
        (HistGradientBoostingRegressor(max_iter=3), TARGET),
    ],
)
def test_trees_stay_with_scikit_learn_without_a_try(estimator: Any, y: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_converted", lambda *_: pytest.fail("tried"))
    with pytest.raises(NotServed, match="no trees in float64"):
        written(estimator, ARRAY, y)


def test_float32_on_the_way_stays_with_scikit_learn_though_labels_seldom_show_it() -> None:
    with pytest.raises(NotServed, match="computes in float32"):
        written(make_pipeline(StandardScaler(), SVC()), ARRAY, LABELS)


def test_neighbours_stay_with_scikit_learn_for_the_memory_of_large_requests() -> None:
    with pytest.raises(NotServed, match="distances from all rows to all training rows"):
        written(KNeighborsClassifier(), ARRAY, LABELS)


def test_a_graph_that_answers_otherwise_far_outside_only_stays_with_scikit_learn() -> None:
    labels = np.digitize(TARGET, np.quantile(TARGET, [0.3, 0.6]))
    with pytest.raises(NotServed, match="answers otherwise"):
        written(make_pipeline(StandardScaler(), OneVsRestClassifier(LogisticRegression())), ARRAY, labels)


def test_a_graph_that_answers_what_the_estimator_refuses_stays_with_scikit_learn() -> None:
    tiny = ARRAY * 1e-12  # scaled, 1e300 is infinite: the estimator takes no such number, and a sigmoid makes it 1
    with pytest.raises(NotServed, match="none for a row"):
        written(make_pipeline(StandardScaler(), LogisticRegression()), tiny, LABELS)


def test_without_skl2onnx_it_stays_with_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skl2onnx.common.data_types", None)
    with pytest.raises(NotServed, match="skl2onnx, which writes ONNX graphs, cannot be imported"):
        written(LinearRegression(), ARRAY, TARGET)


def test_what_has_no_graph_stays_with_scikit_learn() -> None:
    with pytest.raises(NotServed, match="no ONNX graph that onnxruntime loads"):
        written(make_pipeline(FunctionTransformer(np.tanh), LinearRegression()), ARRAY, TARGET)


def test_what_onnxruntime_does_not_load_stays_with_scikit_learn() -> None:
    with pytest.raises(NotServed, match="no ONNX graph that onnxruntime loads"):
        written(make_pipeline(SimpleImputer(), LinearRegression()), ARRAY, TARGET)


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(),
        OneHotEncoder(handle_unknown="ignore"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
    ],
)
def test_a_category_that_was_missing_in_training_may_be_missing(encoder: Any) -> None:
    frame = MIXED.assign(**{"a b": MIXED["a b"].where(MIXED["a b"] != "x")})
    estimator = encoded(encoder, LinearRegression())
    found = written(estimator, frame, TARGET)
    of, data = settled(estimator, frame, TARGET)
    columns = data.columns(of.features)
    np.testing.assert_allclose(
        found.graph.predict(columns).predictions, SklearnModel(of, estimator).predict(columns).predictions, rtol=1e-9
    )


def test_a_text_that_a_missing_one_would_be_taken_for_stays_with_scikit_learn() -> None:
    text = np.where(np.median(TARGET) < TARGET, "nan", "x").astype(object)
    text[:50] = np.nan
    frame = MIXED.assign(**{"a b": text})
    with pytest.raises(NotServed):
        written(encoded(OneHotEncoder(), LinearRegression()), frame, TARGET)


def test_a_missing_category_is_an_unknown_one_where_the_encoder_ignores_those() -> None:
    estimator = encoded(OneHotEncoder(handle_unknown="ignore"), LinearRegression())
    found = written(estimator, MIXED, TARGET)
    row = [np.array([27.0]), np.array([170.0]), np.array([np.nan], dtype=object), np.array(["x"], dtype=object)]
    of, _ = settled(estimator, MIXED, TARGET)
    assert found.graph.predict(row).predictions == pytest.approx(SklearnModel(of, estimator).predict(row).predictions)


def test_a_graph_that_answers_otherwise_stays_with_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = OnnxModel.predict

    def slightly_off(self: OnnxModel, columns: Any, *, probabilities: bool = False) -> Any:
        right = answer(self, columns, probabilities=probabilities)
        return right._replace(predictions=[value * (1 + 1e-7) for value in right.predictions])

    monkeypatch.setattr(OnnxModel, "predict", slightly_off)
    with pytest.raises(NotServed, match=r"answers otherwise, by up to 1\.0e-07"):
        written(LinearRegression(), ARRAY, TARGET)


def test_a_graph_with_other_labels_stays_with_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = OnnxModel.predict

    def first_wrong(self: OnnxModel, columns: Any, *, probabilities: bool = False) -> Any:
        right = answer(self, columns, probabilities=probabilities)
        return right._replace(predictions=["other", *right.predictions[1:]])

    monkeypatch.setattr(OnnxModel, "predict", first_wrong)
    with pytest.raises(NotServed, match="answers otherwise: another label"):
        written(LogisticRegression(), ARRAY, LABELS)


def test_the_same_estimator_gives_the_same_graph() -> None:
    assert written(LinearRegression(), ARRAY, TARGET).content == written(LinearRegression(), ARRAY, TARGET).content


def test_far_rows_have_numbers_of_any_size_among_ordinary_ones() -> None:
    of, _ = settled(LinearRegression().fit(ARRAY, TARGET), ARRAY, TARGET)
    low, high = of.features[0].range  # type: ignore[union-attr]
    columns = parity.far_rows(of.features, 1_000)
    sizes = np.abs(columns[0])
    assert sizes.max() > 1e280
    assert 0.0 < sizes[sizes > 0].min() < 1e-280
    assert (sizes == 0).any()
    assert ((columns[0] >= low) & (columns[0] <= high)).any()


def test_random_rows_lie_inside_and_outside_the_range_and_miss_what_may_be_missing() -> None:
    gaps = np.where(np.arange(len(ARRAY))[:, None] == 0, np.nan, ARRAY)
    of, _ = settled(HistGradientBoostingRegressor(max_iter=2).fit(gaps, TARGET), gaps, TARGET)
    low, high = of.features[0].range  # type: ignore[union-attr]
    first = parity.random_rows(of.features, 1_000)[0]
    present = first[~np.isnan(first)]
    assert 0 < len(present) < len(first)
    assert (present < low).any()
    assert (present > high).any()
    assert ((present >= low) & (present <= high)).sum() > len(present) / 2
