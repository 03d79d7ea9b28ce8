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

from shared.model.manifest import Manifest, Output
from tests.tools.model.estimators import draft, linear, numbers
from tools.model import contract
from tools.model.contract import Words
from tools.model.data import table
from tools.model.output import Bands, bands, kind
from tools.model.refused import Refused

NO_BANDS, NO_WORDS = Bands(), Words()


def adopted(estimator: Any, given: Bands = NO_BANDS, words: Words = NO_WORDS) -> Manifest:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    return contract.of(draft(kind(estimator)), estimator, table(X, y, source="train.csv"), words, given)


def classifier(labels: list[Any], estimator: Any = None) -> Any:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    return (estimator or LogisticRegression()).fit(X, np.array(labels)[(y > 0).astype(int)])


def test_a_regressor_answers_numbers() -> None:
    assert adopted(linear()).output == Output(name="y")


@pytest.mark.parametrize("labels", [["high", "low"], [0, 1], [False, True], [0.0, 1.0]])
def test_labels_keep_their_type(labels: list[Any]) -> None:
    output = adopted(classifier(labels)).output

    assert output == Output(name="y", classes=tuple(labels), probabilities=True)
    assert [type(label) for label in output.classes] == [type(label) for label in labels]


def test_a_classifier_without_probabilities_has_none() -> None:
    assert not adopted(classifier(["a", "b"], LinearSVC())).output.probabilities


def test_a_pipeline_has_the_classes_of_its_last_step() -> None:
    pipeline = make_pipeline(StandardScaler(), DecisionTreeClassifier())

    assert adopted(classifier(["a", "b"], pipeline)).output.classes == ("a", "b")


def test_edges_make_classes_with_numbered_labels() -> None:
    output = adopted(linear(), bands("25,105", None)).output

    assert output == Output(name="y", classes=("Class0", "Class1", "Class2"), edges=(25.0, 105.0))


def test_classes_may_have_labels() -> None:
    assert adopted(linear(), bands("0,1.5", "low, mid,high")).output.classes == ("low", "mid", "high")


@pytest.mark.parametrize(
    ("edges", "labels", "line"),
    [
        ("25,x", None, "must be numbers separated by commas"),
        ("105,25", None, "must be finite and ascending, not 105, 25"),
        ("25,25", None, "must be finite and ascending"),
        ("25,inf", None, "must be finite and ascending"),
        ("25,nan", None, "must be finite and ascending"),
        ("25", "a,b,c", "1 edges make 2 classes, each with a label of its own: a, b, c"),
        ("25", "a,a", "1 edges make 2 classes"),
        (None, "a,b", "0 edges make 1 classes"),
    ],
)
def test_edges_and_labels_that_do_not_fit_are_refused(edges: str | None, labels: str | None, line: str) -> None:
    with pytest.raises(Refused, match=line):
        adopted(linear(), bands(edges, labels))


def test_a_classifier_takes_no_edges() -> None:
    with pytest.raises(Refused, match="A classifier has classes of its own"):
        adopted(classifier(["a", "b"]), Bands([0.0]))


def test_the_output_is_described_by_the_targets_name() -> None:
    output = adopted(linear(), words=Words({"y": "Length of stay"}, {"y": "days"})).output

    assert output == Output(name="y", label="Length of stay", unit="days")


@pytest.mark.parametrize(
    ("estimator", "line"),
    [
        (StandardScaler(), "StandardScaler, which has no predict"),
        (make_pipeline(StandardScaler()), "Pipeline, which has no predict"),
        ({"model": 1}, "dict, which has no predict"),
        (KMeans(), "KMeans, which finds clusters"),
        (IsolationForest(), "IsolationForest, which finds outliers"),
        (GaussianMixture(), "GaussianMixture, which estimates densities"),
    ],
)
def test_what_is_neither_regressor_nor_classifier_is_refused(estimator: Any, line: str) -> None:
    with pytest.raises(Refused, match=line):
        kind(estimator)


class Plain:
    """An estimator that is not made with scikit-learn's base class."""

    def predict(self, rows: Any) -> Any:
        return np.zeros(len(rows))


def test_an_estimator_that_does_not_say_is_a_regressor_unless_it_has_classes() -> None:
    labelled = Plain()
    labelled.classes_ = np.array([0.0, 1.0])  # type: ignore[attr-defined]

    assert kind(Plain()) == "regressor"
    assert kind(labelled) == "classifier"


def test_several_targets_are_refused() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    both = LinearRegression().fit(X, np.column_stack([y, y]))

    with pytest.raises(Refused, match="The model answers 2 values for one row"):
        adopted(both)


def test_labels_of_several_targets_are_refused() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    both = DecisionTreeClassifier().fit(X, np.column_stack([y > 0, y > 1]))

    with pytest.raises(Refused, match="The model answers 2 values for one row"):
        adopted(both)


def test_an_estimator_that_is_not_fitted_is_refused() -> None:
    with pytest.raises(Refused, match="The model is not fitted: call fit before saving it"):
        adopted(LinearRegression())


def test_an_answer_that_is_no_array_is_refused() -> None:
    class Lists(Plain):
        def predict(self, rows: Any) -> Any:
            return [0.0] * len(rows)

    with pytest.raises(Refused, match="predict answers a list"):
        adopted(Lists())


def test_a_regressor_that_answers_texts_is_refused() -> None:
    class Texts(Plain):
        def predict(self, rows: Any) -> Any:
            return np.array(["high"] * len(rows))

    with pytest.raises(Refused, match="must answer numbers, and this one answers 'high'"):
        adopted(Texts())


def test_a_label_that_json_cannot_say_is_refused() -> None:
    odd = classifier(["a", "b"])
    odd.classes_ = np.array([b"a", b"b"])

    with pytest.raises(Refused, match=r"none of its classes|must be a text"):
        adopted(odd)
