"""The bar has rows, rows/s and the time left; without a terminal there is none."""

import io
import sys

import pytest

from tests.tools.score.test_state import SUBJECT
from tools.score.progress import Progress
from tools.score.state import State


def shown(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    """Return what a run writes to stderr that is done with half of its input."""
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(1_000, 0, State(SUBJECT)) as progress:
        progress.update(500, State(SUBJECT, rows=12_345, scored=12_300, rejected=45))
        progress._bar.refresh()
        progress.report("waiting")
    return stream.getvalue()


def test_the_bar_shows_rows_speed_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, terminal=True)
    assert "50%|" in text
    assert "12,345 rows, " in text
    assert " rows/s, 45 rejected [00:00, 00:00 left]" in text


def test_without_a_terminal_there_are_only_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, terminal=False) == "waiting\n"
