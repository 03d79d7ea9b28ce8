"""Rows that nobody has: in and around the range, of any size, on thresholds, on ties, with gaps and unseen texts."""

import numpy as np
from numpy.typing import NDArray

from shared.model.columns import Column
from shared.model.manifest import Category, Number
from tools.model import rows

AGE = Number(name="age", range=(18.0, 90.0))
GAPS = Number(name="gaps", range=(-1.0, 1.0), optional=True)
WARD = Category(name="ward", values=("a", "b"), optional=True)
FEATURES = [AGE, GAPS, WARD]


def test_random_rows_lie_inside_and_outside_the_range() -> None:
    ages = rows.random(FEATURES, 1_000)[0]
    assert (ages < 18).any()
    assert (ages > 90).any()
    assert ((ages >= 18) & (ages <= 90)).sum() > 500


def test_only_values_that_may_be_missing_are_missing() -> None:
    ages, gaps, wards = rows.random(FEATURES, 1_000)
    assert not np.isnan(ages).any()
    assert 0 < np.isnan(gaps).sum() < 200
    assert {value for value in wards if isinstance(value, str)} == {"a", "b"}
    assert any(not isinstance(value, str) for value in wards)


def test_far_rows_have_numbers_of_any_size_up_to_the_limit() -> None:
    sizes = np.abs(rows.far(FEATURES, 1_000, 1e300)[0])
    assert sizes.max() > 1e280
    assert 0.0 < sizes[sizes > 0].min() < 1e-280
    assert (sizes == 0).any()
    assert np.abs(rows.far(FEATURES, 1_000, 1e12)[0]).max() <= 1e12


def test_incomplete_rows_lack_each_feature_and_all_at_once() -> None:
    data: list[Column] = [np.full(60, 30.0), np.zeros(60), np.array(["a"] * 60, dtype=object)]
    ages, gaps, wards = rows.incomplete(FEATURES, data)
    missing = {(bool(np.isnan(gap)), not isinstance(ward, str)) for gap, ward in zip(gaps, wards, strict=True)}
    assert missing == {(True, False), (False, True), (True, True)}
    assert (ages == 30.0).all()


def test_thresholds_are_found_to_the_last_bit() -> None:
    def score(columns: list[Column]) -> NDArray[np.float64]:
        return (columns[0].astype(float) <= 41.3).astype(float).reshape(-1, 1)

    random = rows.random([AGE], 500)
    found = rows.at_thresholds([AGE], random, random, score)[0].astype(float)
    assert 41.3 in found
    assert np.nextafter(41.3, 100) in found
    assert float(np.nextafter(np.float32(41.3), np.float32(100))) in found


def test_a_model_without_numbers_has_no_thresholds() -> None:
    wards: list[Column] = [np.array(["a", "b"], dtype=object)]
    assert len(rows.at_thresholds([WARD], wards, wards, lambda columns: np.zeros((len(columns[0]), 1)))[0]) == 0


def test_the_nearest_ties_come_first() -> None:
    data: list[Column] = [np.array([0.0, 1.0, 2.0])]
    shares = np.array([[0.9, 0.1], [0.5, 0.5], [0.6, 0.4]])
    assert rows.at_ties(data, lambda _: shares)[0].tolist() == [1.0, 2.0, 0.0]
