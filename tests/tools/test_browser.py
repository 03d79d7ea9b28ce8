"""The browser for tests and screenshots is found in the usual places, or installed where that is possible."""

from pathlib import Path

import pytest

from tools import browser
from tools.browser import BrowserError, Finder


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder on PATH, without a browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def finder(playwright: str | None = None, commands: list[tuple[str, ...]] | None = None) -> Finder:
    """Return a finder for a machine without applications; with `commands`, it records them and runs none."""
    run = browser.run_quietly if commands is None else lambda *command: commands.append(command)
    return Finder(applications=(), playwright=lambda: playwright, run=run)


def program(folder: Path, name: str, script: str = "") -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_debian_s_chromium_comes_before_chrome(path: Path) -> None:
    chrome = program(path, "google-chrome")
    assert finder().find() == chrome
    chromium = program(path, "chromium")
    assert finder().find() == chromium


def test_without_another_browser_playwright_s_is_used(path: Path) -> None:
    assert finder(playwright="/its/own").find() == "/its/own"
    chromium = program(path, "chromium")
    assert finder(playwright="/its/own").find() == chromium


def test_without_a_browser_one_line_shows_what_to_do(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert browser.main([], finder()) == 1
    errors = capsys.readouterr().err
    assert "apt install chromium" in errors
    assert errors.count("\n") == 1


def test_root_on_debian_installs_the_package(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    chromium = path / "chromium"
    program(path, "apt-get", f'[ "$1" = update ] || {{ echo > {chromium}; /bin/chmod +x {chromium}; }}')
    assert browser.main(["--install"], finder()) == 0
    assert capsys.readouterr().out == f"Browser for the pages' tests: {chromium}\n"


def test_another_user_installs_playwright_s(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    program(path, "apt-get", "exit 100")
    commands: list[tuple[str, ...]] = []
    with pytest.raises(BrowserError):
        finder(commands=commands).require(install=True)
    assert [command[1:] for command in commands] == [("-m", "playwright", "install", "chromium")]


def test_nothing_is_installed_by_default(path: Path) -> None:
    commands: list[tuple[str, ...]] = []
    with pytest.raises(BrowserError):
        finder(commands=commands).require()
    assert commands == []
