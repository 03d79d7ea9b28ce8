"""The picture's data: bins that give no row away, and points only where they may be shown."""

from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression

from shared.model.manifest import Manifest
from tests.tools.model.estimators import boosted, draft, linear, numbers, of, patients, stay
from tools.model import contract, picture
from tools.model.contract import Words
from tools.model.data import Table, table
from tools.model.output import Bands
from tools.model.picture import LEAST_IN_BIN, MOST_BINS, Picture


def found(estimator: Any, data: Table, kind: str = "regressor") -> Manifest:
    return contract.of(draft(kind), estimator, data, Words(), Bands())


@pytest.fixture
def mixed() -> tuple[Picture, pd.DataFrame]:
    """The picture of twelve features of both kinds, and its data."""
    frame = patients()
    data = of(frame, stay(frame))
    return picture.of(found(boosted().fit(frame, stay(frame)), data), data), frame


def test_every_feature_has_its_bins_and_every_row_is_counted(mixed: tuple[Picture, pd.DataFrame]) -> None:
    made, frame = mixed
    assert set(made.features) == set(frame.columns)
    for name, bins in made.features.items():
        assert sum(bins.counts) == frame[name].notna().sum()
        assert len(bins.edges) == len(bins.counts) + 1 or len(bins.values) == len(bins.counts)


def test_a_bin_s_quantiles_are_the_target_s(mixed: tuple[Picture, pd.DataFrame]) -> None:
    made, frame = mixed
    ward = made.features["ward"]
    inside = stay(frame)[frame["ward"] == "x"]
    expected = np.quantile(inside, (0.1, 0.25, 0.5, 0.75, 0.9))
    assert ward.quantiles[ward.values.index("x")] == pytest.approx(tuple(expected), abs=0.01)


def test_a_number_s_bin_holds_the_rows_between_its_edges() -> None:
    X, y = numbers(1, 240)  # noqa: N806 - scikit-learn's name
    data = table(X, y, source="d")
    bins = picture.of(found(LinearRegression().fit(X, y), data), data).features["x0"]
    low, high = bins.edges[3], bins.edges[4]
    inside = y[(X[:, 0] >= low) & (X[:, 0] < high)]
    assert bins.counts[3] == pytest.approx(len(inside), abs=1)
    assert bins.quantiles[3] is not None
    assert bins.quantiles[3][2] == pytest.approx(np.median(inside), abs=0.02)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).normal(size=500),
        np.random.default_rng(1).exponential(size=300) ** 4,
        np.repeat([0.0, 1.0], [290, 10]),
        np.repeat([0.0, 1.0, 2.0], [290, 1, 9]),
        np.repeat([5.0, 7.0], [500, 3]),
        np.arange(25.0),
        np.full(50, 3.0),
        np.concatenate([np.zeros(400), np.linspace(1, 2, 50)]),
        np.random.default_rng(1).integers(0, 9, 60).astype(float),
    ],
    ids=["normal", "skewed", "two", "rare", "very rare", "few", "constant", "mostly zero", "dice"],
)
def test_no_bin_is_so_small_that_it_gives_a_row_away(values: NDArray[np.float64]) -> None:
    edges = picture.edges(values)
    counts, _ = np.histogram(values, edges) if edges[0] < edges[-1] else (np.array([len(values)]), None)
    assert counts.sum() == len(values)
    assert min(counts) >= min(LEAST_IN_BIN, len(values))
    assert len(counts) <= MOST_BINS
    assert np.all(np.diff(edges) > 0) or len(edges) == 2


def test_few_different_values_stand_in_the_middle_of_their_bins() -> None:
    assert picture.edges(np.repeat([0.0, 1.0], 20)).tolist() == [-0.5, 0.5, 1.5]


def test_a_category_with_few_rows_is_counted_and_not_described() -> None:
    ward = ["a"] * 30 + ["b"] * 9
    frame = pd.DataFrame({"ward": ward, "age": np.arange(39)})
    data = of(frame, np.arange(39.0))
    of_nine = picture._bins(
        contract.of(draft(), Constant().fit(), data, Words(), Bands()).features[0],
        frame["ward"].to_numpy(dtype=object),
        data.target,
        (),
    )
    assert of_nine.counts == (30, 9)
    assert of_nine.quantiles[0] is not None
    assert of_nine.quantiles[1] is None


class Constant:
    """Answers 1 to any named columns."""

    def fit(self) -> "Constant":
        self.feature_names_in_ = np.array(["ward", "age"])
        return self

    def predict(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return np.where(rows["ward"] == "a", 1.0, 2.0) + rows["age"].to_numpy(dtype=float)


def test_a_classifier_s_bins_have_the_share_of_each_class() -> None:
    X, y = numbers(1, 400)  # noqa: N806 - scikit-learn's name
    labels = np.where(y > 0, "up", "down")
    data = table(X, labels, source="d")
    bins = picture.of(found(LogisticRegression().fit(X, labels), data, "classifier"), data).features["x0"]
    assert bins.quantiles == ()
    assert bins.shares[0] == (1.0, 0.0)
    assert bins.shares[-1] == (0.0, 1.0)


def test_single_points_are_shown_only_where_they_may_be() -> None:
    data = table(*numbers(), source="d")
    kept = picture.of(found(linear(), data), data)
    shown = picture.of(found(linear(), data), data, publish_points=True)
    assert kept.points is None
    assert b"points" not in msgspec.json.encode(kept)
    assert shown.points is not None
    assert shown.points.target == pytest.approx(tuple(data.target), abs=0.01)
    assert shown.points.features["x1"] == pytest.approx(tuple(data.frame["x1"]), abs=0.01)


def test_a_missing_value_is_no_number_in_the_points() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    X[0, 0] = np.nan
    frame = of(pd.DataFrame(X, columns=["x0", "x1"]), y)
    manifest = found(linear(), table(*numbers(), source="d"))
    shown = picture.of(manifest, frame, publish_points=True)
    assert shown.points is not None
    assert shown.points.features["x0"][0] is None
    assert msgspec.json.decode(msgspec.json.encode(shown))


def test_large_data_gives_a_small_picture() -> None:
    X, y = numbers(3, 60_000)  # noqa: N806 - scikit-learn's name
    data = table(X, y, source="d")
    made = picture.of(found(LinearRegression().fit(X, y), data), data, publish_points=True)
    assert len(msgspec.json.encode(made)) < 60_000


def test_the_picture_belongs_to_one_version_of_the_model(mixed: tuple[Picture, pd.DataFrame]) -> None:
    assert mixed[0].version == "1"
