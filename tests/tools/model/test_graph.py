"""The graph: written where onnxruntime predicts as scikit-learn does, and a reason for people where it does not."""

import re
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shared.model.runtimes.sklearn import SklearnModel
from tests.tools.model.graphed import ARRAY, LABELS, MIXED, NUMBERS, TARGET, contracted, encoded, written
from tools.model import graphs
from tools.model.parity import TOLERANCE, NotServed


@pytest.mark.parametrize(
    ("estimator", "X"),
    [
        (LinearRegression(), ARRAY),
        (LinearRegression(), NUMBERS),
        (encoded(OneHotEncoder(), LinearRegression()), MIXED),
    ],
    ids=["an array", "a frame", "categories"],
)
def test_a_graph_predicts_the_rows_of_the_data(estimator: Any, X: Any) -> None:  # noqa: N803 - scikit-learn's name
    found = written(estimator, X, TARGET)
    manifest, data = contracted(estimator, X, TARGET)
    columns = data.columns(manifest.features)
    expected = SklearnModel(manifest, estimator).predict(columns)
    np.testing.assert_allclose(found.graph.predict(columns).predictions, expected.predictions, rtol=1e-9)
    assert found.onnx.difference <= TOLERANCE == found.onnx.tolerance


def test_the_same_estimator_leads_to_the_same_graph() -> None:
    forests = [RandomForestRegressor(5, random_state=0) for _ in range(2)]
    first, second = (written(forest, ARRAY, TARGET).content for forest in forests)
    assert first == second


def test_numbers_that_one_form_refuses_and_the_other_predicts_lower_the_limit() -> None:
    tiny = ARRAY * 1e-12  # scaled, 1e300 is infinite: the estimator refuses such numbers
    found = written(make_pipeline(StandardScaler(), LogisticRegression()), tiny, LABELS)
    assert found.onnx.max_absolute == 1e300  # as the graph does, by its output `valid`


def test_an_estimator_without_a_converter_stays_with_scikit_learn() -> None:
    class Own(LinearRegression):
        """An estimator of an owner."""

    with pytest.raises(NotServed, match="no graph is written for Own"):
        written(Own(), ARRAY, TARGET)


def test_a_converter_that_fails_stays_with_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AttributeError("no coef_")

    monkeypatch.setattr(graphs, "write", fail)
    with pytest.raises(NotServed) as refused:
        written(LinearRegression(), ARRAY, TARGET)
    expected = r"writing its ONNX graph failed, which is a fault of tests/tools/model/test_graph\.py, line \d+ \(Attr"
    assert re.match(expected, str(refused.value))
    assert "coef_" not in str(refused.value)


def test_without_onnx_it_stays_with_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("tools.model.graphs")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("tools.model.graphs", raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(NotServed, match="onnx, which writes graphs, cannot be imported"):
        written(LinearRegression(), ARRAY, TARGET)
