from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from shared.model.manifest import Output
from tests.tools.model.estimators import draft, linear, numbers
from tools.model import contract
from tools.model.contract import Texts
from tools.model.data import table
from tools.model.output import Edges, kind, parse_edges
from tools.model.refused import Refused

NO_EDGES, NO_TEXTS = Edges(), Texts()
X, Y = numbers()


def output(estimator: Any, edges: Edges = NO_EDGES, texts: Texts = NO_TEXTS) -> Output:
    """Return the output in the manifest of an estimator."""
    data = table(X, Y, source="train.csv")
    return contract.build(draft(kind(estimator)), estimator, data, texts, edges).output


def classifier(labels: list[Any], estimator: Any = None) -> Any:
    """Return a classifier that is fitted on two labels."""
    return (estimator or LogisticRegression()).fit(X, np.array(labels)[(Y > 0).astype(int)])


def test_a_regressor_without_edges_has_no_classes() -> None:
    assert output(linear()) == Output(name="y")


@pytest.mark.parametrize("labels", [["high", "low"], [0, 1], [False, True], [0.0, 1.0]])
def test_labels_keep_their_type(labels: list[Any]) -> None:
    described = output(classifier(labels))

    assert described == Output(name="y", classes=tuple(labels), probabilities=True)
    assert [type(label) for label in described.classes] == [type(label) for label in labels]


def test_a_classifier_without_predict_proba_has_no_probabilities() -> None:
    assert not output(classifier(["a", "b"], LinearSVC())).probabilities


def test_a_pipeline_has_the_classes_of_its_last_step() -> None:
    pipeline = make_pipeline(StandardScaler(), DecisionTreeClassifier())

    assert output(classifier(["a", "b"], pipeline)).classes == ("a", "b")


def test_edges_without_labels_make_numbered_classes() -> None:
    described = output(linear(), parse_edges("25,105", None))

    assert described == Output(name="y", classes=("Class0", "Class1", "Class2"), edges=(25.0, 105.0))


def test_classes_may_have_labels() -> None:
    assert output(linear(), parse_edges("0,1.5", "low, mid,high")).classes == ("low", "mid", "high")


@pytest.mark.parametrize(
    ("edges", "labels", "message"),
    [
        ("25,x", None, "must be numbers separated by commas"),
        ("105,25", None, "must be finite and ascending, and not 105, 25"),
        ("25,25", None, "must be finite and ascending"),
        ("25,inf", None, "must be finite and ascending"),
        ("25,nan", None, "must be finite and ascending"),
        ("25", "a,b,c", r"1 edges make 2 classes, and each class needs its own label\. The labels are: a, b, c"),
        ("25", "a,a", "1 edges make 2 classes"),
        (None, "a,b", "0 edges make 1 classes"),
    ],
)
def test_edges_and_labels_that_do_not_fit_are_refused(edges: str | None, labels: str | None, message: str) -> None:
    with pytest.raises(Refused, match=message):
        output(linear(), parse_edges(edges, labels))


def test_edges_for_a_classifier_are_refused() -> None:
    with pytest.raises(Refused, match="A classifier has its own classes"):
        output(classifier(["a", "b"]), Edges([0.0]))


def test_texts_under_the_name_of_the_target_describe_the_output() -> None:
    described = output(linear(), texts=Texts({"y": "Length of stay"}, {"y": "days"}))

    assert described == Output(name="y", label="Length of stay", unit="days")


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (StandardScaler(), "StandardScaler, which has no predict"),
        (make_pipeline(StandardScaler()), "Pipeline, which has no predict"),
        ({"model": 1}, "dict, which has no predict"),
        (KMeans(), "KMeans, which finds clusters"),
        (IsolationForest(), "IsolationForest, which finds outliers"),
        (GaussianMixture(), "GaussianMixture, which estimates densities"),
    ],
)
def test_an_estimator_of_another_kind_is_refused(estimator: Any, message: str) -> None:
    with pytest.raises(Refused, match=message):
        kind(estimator)


class Plain:
    """An estimator without scikit-learn's base class."""

    def predict(self, rows: Any) -> Any:
        return np.zeros(len(rows))


def test_an_estimator_without_a_type_is_a_regressor_unless_it_has_classes() -> None:
    labelled = Plain()
    labelled.classes_ = np.array([0.0, 1.0])  # type: ignore[attr-defined]

    assert kind(Plain()) == "regressor"
    assert kind(labelled) == "classifier"


@pytest.mark.parametrize(
    ("estimator", "targets"),
    [(LinearRegression(), np.column_stack([Y, Y])), (DecisionTreeClassifier(), np.column_stack([Y > 0, Y > 1]))],
    ids=["numbers", "labels"],
)
def test_several_targets_are_refused(estimator: Any, targets: Any) -> None:
    with pytest.raises(Refused, match="The model predicts 2 values for one row"):
        output(estimator.fit(X, targets))


def test_an_estimator_that_is_not_fitted_is_refused() -> None:
    with pytest.raises(Refused, match="The model is not fitted: call fit before saving it"):
        output(LinearRegression())


def test_predictions_that_are_not_an_array_are_refused() -> None:
    class Lists(Plain):
        def predict(self, rows: Any) -> Any:
            return [0.0] * len(rows)

    with pytest.raises(Refused, match="predict returns a list"):
        output(Lists())


def test_a_regressor_that_predicts_texts_is_refused() -> None:
    class Texts(Plain):
        def predict(self, rows: Any) -> Any:
            return np.array(["high"] * len(rows))

    with pytest.raises(Refused, match="must predict numbers, but this one predicts 'high'"):
        output(Texts())


def test_a_label_that_json_does_not_have_is_refused() -> None:
    bytes_as_labels = classifier(["a", "b"])
    bytes_as_labels.classes_ = np.array([b"a", b"b"])

    with pytest.raises(Refused, match=r"not one of its classes|must be a text"):
        output(bytes_as_labels)
