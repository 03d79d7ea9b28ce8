"""Pipelines that people have: encoders, imputers and scalers before an estimator, and estimators around others."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectFromModel, SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
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
)
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from bench.models.people import NUMBERS, TEXTS, people, risk, stay


def pipelines() -> Iterator[tuple[str, Any, Any, Any]]:
    """Yield the name, the estimator, and the inputs and targets of each pipeline."""
    frame, gaps = people(), people(gaps=True)
    numbers, target = load_diabetes(return_X_y=True)
    named = pd.DataFrame(numbers, columns=[f"x{i}" for i in range(numbers.shape[1])])
    for name, estimator in _mixed(gaps=False):
        yield (name, estimator, frame, _target(estimator, frame))
    for name, estimator in _mixed(gaps=True):
        yield (name, estimator, gaps, _target(estimator, gaps))
    for name, estimator in _numeric():
        yield (name, estimator, named, target)
    cancer, malignant = load_breast_cancer(return_X_y=True)
    tuned = TunedThresholdClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()), cv=3)
    yield ("tuned threshold of scaler, logistic", tuned, cancer, malignant)
    members = [("forest", RandomForestClassifier(20, random_state=0)), ("svc", make_pipeline(StandardScaler(), SVC()))]
    stack = StackingClassifier(members, LogisticRegression(), cv=3)
    yield ("stack of a forest and support vectors", stack, cancer, malignant)
    calibrated = CalibratedClassifierCV(RandomForestClassifier(20, random_state=0), method="isotonic", cv=3)
    yield ("isotonic calibration of a forest", calibrated, cancer, malignant)


def _target(estimator: Any, frame: pd.DataFrame) -> Any:
    return risk(frame) if is_classifier(estimator) else stay(frame)


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
