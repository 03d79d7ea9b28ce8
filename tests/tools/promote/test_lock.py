"""One promotion at a time."""

from pathlib import Path

import pytest

from tools.errors import PromoteError
from tools.promote import CHALLENGER, MODEL, STAGE, main
from tools.promote.lock import alone


def test_a_folder_is_locked_for_others_until_the_block_ends(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(PromoteError), alone(tmp_path):
        pass
    with pytest.raises(LookupError), alone(tmp_path):
        raise LookupError
    with alone(tmp_path):
        pass


def test_a_second_promotion_is_refused_and_takes_back_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / STAGE).mkdir(parents=True)
    (tmp_path / STAGE / "journal").touch()
    (tmp_path / CHALLENGER).mkdir()
    with alone(tmp_path / MODEL):
        assert main([], tmp_path) == 1
    assert capsys.readouterr().err == "Another promotion is running.\n"
    assert (tmp_path / STAGE / "journal").exists()
