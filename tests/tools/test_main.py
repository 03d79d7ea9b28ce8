"""`./egl` lists the tools, and runs one with its arguments."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import __main__ as tools

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of tools: a module, a package, and files that are no tools."""
    (tmp_path / "wave.py").write_text('"""Waves.\n\nAt length."""\n\ndef main(argv): ...')
    (tmp_path / "band").mkdir()
    (tmp_path / "band" / "__init__.py").write_text('"""Plays."""\nimport nothing_there\nfrom band.stage import main')
    (tmp_path / "part.py").write_text('"""No tool, but a part of one."""')
    (tmp_path / "_own.py").write_text('"""Private."""\ndef main(argv): ...')
    (tmp_path / "node").mkdir()
    return tmp_path


def test_every_tool_is_listed_with_the_first_line_of_its_docstring(folder: Path) -> None:
    assert tools.available(folder) == {"band": "Plays.", "wave": "Waves."}


def test_without_a_name_the_list_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main([], folder) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["  band  Plays.", "  wave  Waves."]


def test_an_unknown_name_is_refused_with_the_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main(["flute"], folder) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("There is no tool 'flute'.")
    assert "wave" in errors


def test_a_tool_receives_the_arguments_after_its_name() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tools", "host", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("usage: ./egl host ")
