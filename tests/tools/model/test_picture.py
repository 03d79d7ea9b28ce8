"""The picture's data: bins that reveal no single row, and points only if they may be published."""

import msgspec
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline

from shared.model.manifest import Manifest
from tests.tools.model.estimators import draft, linear, numbers, stay, training_table
from tools.model import contract, picture
from tools.model.contract import Texts
from tools.model.data import Table, table
from tools.model.output import Edges
from tools.model.picture import MAX_BINS, MIN_ROWS_IN_BIN, Picture


def described(estimator: object, data: Table, kind: str = "regressor") -> Manifest:
    """Return the manifest of an estimator with its contract."""
    return contract.build(draft(kind), estimator, data, Texts(), Edges())


@pytest.fixture(scope="module")
def mixed(stay_manifest: Manifest, stay_model: Pipeline, stay_table: Table) -> Picture:
    """The picture of twelve features of both kinds."""
    return picture.build(stay_manifest, stay_table)


def test_every_feature_has_its_bins_and_every_row_is_counted(mixed: Picture, stay_table: Table) -> None:
    frame = stay_table.frame

    assert set(mixed.features) == set(frame.columns)
    for name, bins in mixed.features.items():
        assert sum(bins.counts) == frame[name].notna().sum()
        assert len(bins.edges) == len(bins.counts) + 1 or len(bins.values) == len(bins.counts)


def test_the_quantiles_of_a_bin_are_those_of_the_target(mixed: Picture, stay_table: Table) -> None:
    frame = stay_table.frame
    ward = mixed.features["ward"]

    expected = np.quantile(stay(frame)[frame["ward"] == "x"], (0.1, 0.25, 0.5, 0.75, 0.9))
    assert ward.quantiles[ward.values.index("x")] == pytest.approx(tuple(expected), abs=0.01)


def test_a_boolean_has_a_bin_for_false_and_one_for_true(mixed: Picture, stay_table: Table) -> None:
    steps = stay_table.frame["steps"]

    assert mixed.features["steps"].values == ("false", "true")
    assert mixed.features["steps"].counts == ((~steps).sum(), steps.sum())


def test_the_bin_of_a_number_has_the_rows_between_its_edges() -> None:
    X, y = numbers(1, 240)  # noqa: N806 - scikit-learn's name
    data = table(X, y, source="d")

    bins = picture.build(described(LinearRegression().fit(X, y), data), data).features["x0"]

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
def test_no_bin_is_so_small_that_it_reveals_a_row(values: NDArray[np.float64]) -> None:
    edges = picture.bin_edges(values)

    counts, _ = np.histogram(values, edges) if edges[0] < edges[-1] else (np.array([len(values)]), None)
    assert counts.sum() == len(values)
    assert min(counts) >= min(MIN_ROWS_IN_BIN, len(values))
    assert len(counts) <= MAX_BINS
    assert np.all(np.diff(edges) > 0) or len(edges) == 2


def test_a_few_different_values_are_in_the_middle_of_their_bins() -> None:
    assert picture.bin_edges(np.repeat([0.0, 1.0], 20)).tolist() == [-0.5, 0.5, 1.5]


class ByWardAndAge:
    """An estimator of two named columns."""

    feature_names_in_ = np.array(["ward", "age"])

    def predict(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        return np.where(rows["ward"] == "a", 1.0, 2.0) + rows["age"].to_numpy(dtype=float)


def test_a_category_with_few_rows_has_a_count_but_no_quantiles() -> None:
    frame = pd.DataFrame({"ward": ["a"] * 30 + ["b"] * 9, "age": np.arange(39)})
    data = training_table(frame, np.arange(39.0))

    ward = picture.build(described(ByWardAndAge(), data), data).features["ward"]

    assert ward.counts == (30, 9)
    assert ward.quantiles[0] is not None
    assert ward.quantiles[1] is None


def test_the_bins_of_a_classifier_have_the_share_of_each_class() -> None:
    X, y = numbers(1, 400)  # noqa: N806 - scikit-learn's name
    labels = np.where(y > 0, "up", "down")
    data = table(X, labels, source="d")

    bins = picture.build(described(LogisticRegression().fit(X, labels), data, "classifier"), data).features["x0"]

    assert bins.quantiles == ()
    assert bins.shares[0] == (1.0, 0.0)
    assert bins.shares[-1] == (0.0, 1.0)


def test_single_points_are_published_only_on_request() -> None:
    data = table(*numbers(), source="d")
    manifest = described(linear(), data)

    private = picture.build(manifest, data)
    public = picture.build(manifest, data, publish_points=True)

    assert private.points is None
    assert b"points" not in msgspec.json.encode(private)
    assert public.points is not None
    assert public.points.target == pytest.approx(tuple(data.target), abs=0.01)
    assert public.points.features["x1"] == pytest.approx(tuple(data.frame["x1"]), abs=0.01)


def test_a_missing_value_is_null_in_the_points() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    manifest = described(linear(), table(X, y, source="d"))
    X[0, 0] = np.nan

    public = picture.build(manifest, table(X, y, source="d"), publish_points=True)

    assert public.points is not None
    assert public.points.features["x0"][0] is None
    assert msgspec.json.decode(msgspec.json.encode(public))


def test_large_data_leads_to_a_small_picture() -> None:
    X, y = numbers(3, 60_000)  # noqa: N806 - scikit-learn's name
    data = table(X, y, source="d")

    large = picture.build(described(LinearRegression().fit(X, y), data), data, publish_points=True)

    assert len(msgspec.json.encode(large)) < 60_000
