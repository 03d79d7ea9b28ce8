"""Fewer rows than in adoption: the tests of graphs are about each converter, those of parity about the rows."""

import pytest

from tools.model import parity, rows


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare a tenth of the rows."""
    monkeypatch.setattr(parity, "RANDOM_ROWS", 1_000)
    monkeypatch.setattr(parity, "FAR_ROWS", 60)
    monkeypatch.setattr(rows, "MAX_THRESHOLDS", 100)
