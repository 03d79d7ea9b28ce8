"""Models that people have: every regressor and classifier of scikit-learn, the boosters, and pipelines.

All are fitted on small data. `families` says which of them must not need scikit-learn.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectFromModel, SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
    minmax_scale,
)
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators

ROWS = 400
NUMBERS, TEXTS = ["age", "income", "visits"], ["ward", "color"]
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
    yield from _pipelines()


def fitted(subject: Subject) -> Any | None:
    """Return the fitted estimator; None if it does not fit the data with its defaults."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return subject.estimator.fit(subject.X, subject.y)
        except (ValueError, TypeError, np.linalg.LinAlgError):
            return None


def people(*, gaps: bool = False) -> pd.DataFrame:
    """Return a data frame of three numbers and two categories, on request with missing values."""
    chance = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": chance.integers(18, 90, ROWS).astype(float),
            "income": chance.lognormal(10, 0.5, ROWS).round(2),
            "visits": chance.integers(0, 6, ROWS).astype(float),
            "ward": chance.choice(["north", "south", "west", "children's"], ROWS),
            "color": chance.choice(["red", "green", "blue"], ROWS, p=[0.6, 0.37, 0.03]),
        }
    )
    if gaps:
        for name in ("age", "income", "ward"):
            frame.loc[chance.random(ROWS) < 0.1, name] = np.nan
    return frame


def _stay(frame: pd.DataFrame) -> Any:
    """Return a positive target that depends on all columns."""
    noise = np.random.default_rng(1).gamma(2.0, 0.2, len(frame))
    age, income = frame["age"].fillna(50), frame["income"].fillna(20_000)
    wards = frame["ward"].map({"north": 1.0, "south": 2.0, "west": 0.5}).fillna(3.0)
    return (
        1.0 + age / 30 + np.log(income) / 5 + wards * (frame["color"] == "red") + frame["visits"] / 4 + noise
    ).to_numpy()


def _risk(frame: pd.DataFrame) -> Any:
    stay = _stay(frame)
    return np.digitize(stay, np.quantile(stay, [0.4, 0.75]))


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
    yield Subject(
        "LGBMRegressor, categories and gaps", "boosters", lightgbm.LGBMRegressor(**quiet), typed, _stay(frame)
    )
    yield Subject("XGBRegressor", "boosters", xgboost.XGBRegressor(n_estimators=100), numbers, target)
    yield Subject("XGBClassifier", "boosters", xgboost.XGBClassifier(n_estimators=100), wine, cultivar)
    yield Subject(
        "XGBRegressor, categories and gaps", "boosters", xgboost.XGBRegressor(n_estimators=100), typed, _stay(frame)
    )
    native = HistGradientBoostingRegressor(categorical_features="from_dtype")
    yield Subject("HistGradientBoostingRegressor, categories and gaps", "boosters", native, typed, _stay(frame))


def _pipelines() -> Iterator[Subject]:
    frame, gaps = people(), people(gaps=True)
    numbers, target = load_diabetes(return_X_y=True)
    named = pd.DataFrame(numbers, columns=[f"x{i}" for i in range(numbers.shape[1])])
    for name, estimator in _mixed(gaps=False):
        yield Subject(name, "pipelines", estimator, frame, _target(estimator, frame))
    for name, estimator in _mixed(gaps=True):
        yield Subject(name, "pipelines", estimator, gaps, _target(estimator, gaps))
    for name, estimator in _numeric():
        yield Subject(name, "pipelines", estimator, named, target)
    cancer, malignant = load_breast_cancer(return_X_y=True)
    tuned = TunedThresholdClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()), cv=3)
    yield Subject("tuned threshold of scaler, logistic", "pipelines", tuned, cancer, malignant)
    members = [("forest", RandomForestClassifier(20, random_state=0)), ("svc", make_pipeline(StandardScaler(), SVC()))]
    stack = StackingClassifier(members, LogisticRegression(), cv=3)
    yield Subject("stack of a forest and support vectors", "pipelines", stack, cancer, malignant)
    calibrated = CalibratedClassifierCV(RandomForestClassifier(20, random_state=0), method="isotonic", cv=3)
    yield Subject("isotonic calibration of a forest", "pipelines", calibrated, cancer, malignant)


def _target(estimator: Any, frame: pd.DataFrame) -> Any:
    return _risk(frame) if is_classifier(estimator) else _stay(frame)


def _mixed(*, gaps: bool) -> Iterator[tuple[str, Any]]:
    """Yield pipelines of numbers and categories."""
    forest, small = RandomForestClassifier(random_state=0), RandomForestRegressor(30, random_state=0)
    hot = OneHotEncoder(handle_unknown="ignore")
    if gaps:
        numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
        texts = make_pipeline(SimpleImputer(strategy="most_frequent"), hot)
        both = ColumnTransformer([("n", numbers, NUMBERS), ("t", texts, TEXTS)])
        yield "imputers, scaler, one-hot → forest", make_pipeline(both, forest)
        yield "imputers, scaler, one-hot → logistic", make_pipeline(clone(both), LogisticRegression(max_iter=2_000))
        constant = SimpleImputer(strategy="constant", fill_value="none")
        columns = [("t", make_pipeline(constant, hot), TEXTS), ("n", SimpleImputer(), NUMBERS)]
        yield (
            "constant imputer, one-hot → gradient boosting",
            make_pipeline(ColumnTransformer(columns), GradientBoostingClassifier(random_state=0)),
        )
        unknown = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
        yield (
            "ordinal with unknown → histogram boosting",
            make_pipeline(
                ColumnTransformer([("t", unknown, TEXTS)], remainder="passthrough"),
                HistGradientBoostingClassifier(random_state=0),
            ),
        )
        yield (
            "target encoder → forest",
            make_pipeline(ColumnTransformer([("t", TargetEncoder(), TEXTS), ("n", SimpleImputer(), NUMBERS)]), small),
        )
        yield (
            "selectors by type, imputer, one-hot → extra trees",
            make_pipeline(
                make_column_transformer(
                    (SimpleImputer(), make_column_selector(dtype_include="number")),
                    (hot, make_column_selector(dtype_exclude="number")),
                ),
                ExtraTreesRegressor(50, random_state=0),
            ),
        )
        return
    rare = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist")
    both = ColumnTransformer([("n", StandardScaler(), NUMBERS), ("t", rare, TEXTS)])
    yield "scaler, one-hot with infrequent → ridge", make_pipeline(both, Ridge())
    first = ColumnTransformer([("t", OneHotEncoder(drop="first"), TEXTS), ("n", MinMaxScaler(), NUMBERS)])
    yield "one-hot without the first, scaler → linear", make_pipeline(first, LinearRegression())
    search = make_pipeline(clone(both), DecisionTreeClassifier(random_state=0))
    yield "grid search over a pipeline", GridSearchCV(search, {"decisiontreeclassifier__max_depth": [2, 4]}, cv=3)
    numbered = ColumnTransformer(
        [("v", OneHotEncoder(handle_unknown="ignore"), ["visits"]), ("rest", "passthrough", ["age"])]
    )
    yield "one-hot of numbers → forest", make_pipeline(numbered, small)
    yield (
        "ordinal → bagging of trees with column subsets",
        make_pipeline(
            ColumnTransformer([("t", OrdinalEncoder(), TEXTS)], remainder="passthrough"),
            BaggingClassifier(max_features=0.6, random_state=0),
        ),
    )


def _numeric() -> Iterator[tuple[str, Any]]:
    """Yield pipelines of numbers."""
    log_target = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), Ridge()), func=np.log1p, inverse_func=np.expm1
    )
    yield "target as logarithm → ridge", log_target
    scaled = TransformedTargetRegressor(RandomForestRegressor(20, random_state=0), transformer=StandardScaler())
    yield "scaled target → forest", scaled
    yield "polynomial → ridge", make_pipeline(PolynomialFeatures(2), StandardScaler(), Ridge())
    yield (
        "bins → linear",
        make_pipeline(KBinsDiscretizer(5, quantile_method="averaged_inverted_cdf"), LinearRegression()),
    )
    yield "splines → ridge", make_pipeline(SplineTransformer(), Ridge())
    yield "power → linear", make_pipeline(PowerTransformer(), LinearRegression())
    yield (
        "select best → gradient boosting",
        make_pipeline(SelectKBest(f_regression, k=5), GradientBoostingRegressor(random_state=0)),
    )
    yield (
        "select by a forest → support vectors",
        make_pipeline(StandardScaler(), SelectFromModel(ExtraTreesRegressor(20, random_state=0)), SVR()),
    )
    yield "scaler, PCA → neighbours", make_pipeline(StandardScaler(), PCA(4), KNeighborsRegressor())
    union = FeatureUnion([("scaled", RobustScaler()), ("sine", FunctionTransformer(np.sin))])
    yield "union of scaler and sine → linear", make_pipeline(union, LinearRegression())
    yield (
        "union of PCA and selection → forest",
        make_pipeline(make_union(PCA(3), SelectKBest(f_regression, k=3)), RandomForestRegressor(20, random_state=0)),
    )
    members = [("forest", RandomForestRegressor(20, random_state=0)), ("svr", make_pipeline(StandardScaler(), SVR()))]
    yield "vote of a forest and support vectors", VotingRegressor(members)
