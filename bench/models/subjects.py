"""Models that people have: every regressor and classifier of scikit-learn, the boosters, and pipelines.

All are fitted on small data. `Subject.must_have_graph` is true for those that must not need scikit-learn.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import minmax_scale
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators

from bench.models.people import TEXTS, people, stay
from bench.models.pipelines import pipelines

NEEDS_ONE_COLUMN, NEEDS_COUNTS = {"IsotonicRegression"}, {"CategoricalNB"}
SEVERAL_TARGETS = ("MultiOutput", "MultiTask", "Chain")
TREE_WORDS = ("Tree", "Forest", "Boost", "XGB", "LGBM", "Bagging")


class Subject(NamedTuple):
    """A model that is not fitted yet, and its training data."""

    name: str
    group: str
    estimator: Any
    X: Any
    y: Any

    @property
    def must_have_graph(self) -> bool:
        """True for trees, forests, boosting, and pipelines of imputers and encoders."""
        return self.group == "pipelines" or any(word in self.name for word in TREE_WORDS)


def subjects() -> Iterator[Subject]:
    """Yield every model that can be fitted on its data, and is deterministic."""
    yield from _of_sklearn("regressor")
    yield from _of_sklearn("classifier")
    yield from _boosters()
    yield from (Subject(name, "pipelines", estimator, X, y) for name, estimator, X, y in pipelines())


def fitted(subject: Subject) -> Any | None:
    """Return the fitted estimator; None if it does not fit the data with its defaults."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return subject.estimator.fit(subject.X, subject.y)
        except (ValueError, TypeError, np.linalg.LinAlgError):
            return None


def _of_sklearn(kind: Any) -> Iterator[Subject]:
    numbers, target = load_diabetes(return_X_y=True)
    wine, cultivar = load_wine(return_X_y=True)
    cancer, malignant = load_breast_cancer(return_X_y=True)
    scaled = minmax_scale(wine)
    for name, factory in all_estimators(kind):
        if any(word in name for word in SEVERAL_TARGETS) or factory.__module__.startswith("tests"):
            continue
        estimator = _with_defaults(name, factory)
        if kind == "regressor":
            rows = numbers[:, :1] if name in NEEDS_ONE_COLUMN else numbers
            yield Subject(name, "regressors", estimator, rows, target)
        elif "Threshold" in name:
            yield Subject(name, "classifiers", estimator, cancer, malignant)
        else:
            rows = (wine > np.median(wine, axis=0)).astype(float) if name in NEEDS_COUNTS else scaled
            yield Subject(name, "classifiers", estimator, rows, cultivar)


def _with_defaults(name: str, factory: Callable[..., Any]) -> Any:
    """Return an estimator with its defaults; one that needs others inside gets small ones."""
    inner = {"estimator": LogisticRegression(max_iter=5_000)}
    regressors = [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=4, random_state=0))]
    classifiers = [("nb", GaussianNB()), ("tree", DecisionTreeClassifier(max_depth=4, random_state=0))]
    arguments: dict[str, dict[str, Any]] = {
        "CCA": {"n_components": 1},
        "FixedThresholdClassifier": inner,
        "OneVsOneClassifier": inner,
        "OneVsRestClassifier": inner,
        "OutputCodeClassifier": inner,
        "PLSCanonical": {"n_components": 1},
        "SelfTrainingClassifier": inner,
        "StackingClassifier": {"estimators": classifiers},
        "StackingRegressor": {"estimators": regressors},
        "TunedThresholdClassifierCV": inner,
        "VotingClassifier": {"estimators": classifiers},
        "VotingRegressor": {"estimators": regressors},
    }
    estimator = factory(**arguments.get(name, {}))
    return estimator.set_params(random_state=0) if "random_state" in estimator.get_params() else estimator


def _boosters() -> Iterator[Subject]:
    import lightgbm
    import xgboost

    numbers, target = load_diabetes(return_X_y=True)
    wine, cultivar = load_wine(return_X_y=True)
    frame = people(gaps=True)
    typed = frame.assign(**{name: frame[name].astype("category") for name in TEXTS})
    quiet: dict[str, Any] = {"verbose": -1, "random_state": 0}
    yield Subject("LGBMRegressor", "boosters", lightgbm.LGBMRegressor(**quiet), numbers, target)
    yield Subject("LGBMClassifier", "boosters", lightgbm.LGBMClassifier(**quiet), wine, cultivar)
    yield Subject("LGBMRegressor, categories and gaps", "boosters", lightgbm.LGBMRegressor(**quiet), typed, stay(frame))
    yield Subject("XGBRegressor", "boosters", xgboost.XGBRegressor(n_estimators=100), numbers, target)
    yield Subject("XGBClassifier", "boosters", xgboost.XGBClassifier(n_estimators=100), wine, cultivar)
    yield Subject(
        "XGBRegressor, categories and gaps", "boosters", xgboost.XGBRegressor(n_estimators=100), typed, stay(frame)
    )
    native = HistGradientBoostingRegressor(categorical_features="from_dtype")
    yield Subject("HistGradientBoostingRegressor, categories and gaps", "boosters", native, typed, stay(frame))
