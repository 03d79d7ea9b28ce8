"""The state is replaced as a whole, and a subject shows what is different."""

from pathlib import Path

import pytest

from tools.errors import ScoreError
from tools.score import state
from tools.score.state import State, Subject

SUBJECT = Subject(10, "abc", "line", "1", {"name": ""})


def test_a_state_that_is_written_can_be_read(tmp_path: Path) -> None:
    path = state.path_beside(tmp_path / "scored.csv")
    assert path.name == "scored.csv.state.json"
    assert state.read(path) is None
    for rows in (1, 2):
        state.write(path, State(SUBJECT, rows))
        assert state.read(path) == State(SUBJECT, rows)
    assert list(tmp_path.iterdir()) == [path]


def test_a_state_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "scored.csv.state.json"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        state.write(path, State(SUBJECT))
    assert list(tmp_path.iterdir()) == [path]


def test_every_difference_is_named() -> None:
    state.check_same(SUBJECT, Subject(10, "abc", "line", "1", {"name": ""}))
    with pytest.raises(ScoreError) as refused:
        state.check_same(SUBJECT, Subject(10, "abd", "line", "2", {"name": "z"}))
    for part in ("other content", "was line 1 and is line 2", '--name was "" and is "z"'):
        assert part in str(refused.value)
