"""The browser for tests and screenshots: found where it may be, installed where that is possible, or told how."""

from pathlib import Path

import pytest

from tools import browser
from tools.browser import BrowserError


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a browser; the folder is its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "APPLICATIONS", ())
    monkeypatch.setattr(browser, "_playwrights", lambda: None)
    return tmp_path


def program(folder: Path, name: str, script: str = "") -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_debian_s_chromium_comes_before_chrome(nowhere: Path) -> None:
    chrome = program(nowhere, "google-chrome")
    assert browser.find() == chrome
    chromium = program(nowhere, "chromium")
    assert browser.find() == chromium


def test_playwright_s_own_is_taken_where_there_is_no_other(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_playwrights", lambda: "/its/own")
    assert browser.find() == "/its/own"


def test_without_one_a_line_says_what_to_do(nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert browser.main([]) == 1
    said = capsys.readouterr().err
    assert "apt install chromium" in said
    assert said.count("\n") == 1


def test_root_on_debian_gets_one_from_its_packages(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0)
    chromium = nowhere / "chromium"
    program(nowhere, "apt-get", f'[ "$1" = update ] || {{ echo > {chromium}; /bin/chmod +x {chromium}; }}')
    assert browser.main(["--install"]) == 0
    assert capsys.readouterr().out == f"Browser for the pages' tests: {chromium}\n"


def test_whoever_may_not_install_packages_gets_playwright_s(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[tuple[str, ...]] = []
    monkeypatch.setattr(browser, "_run", lambda *command: fetched.append(command))
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    program(nowhere, "apt-get", "exit 100")
    with pytest.raises(BrowserError):
        browser.found(install=True)
    assert [command[1:] for command in fetched] == [("-m", "playwright", "install", "chromium")]


def test_nothing_is_installed_unless_asked_for(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_run", lambda *command: pytest.fail(f"ran {command}"))
    with pytest.raises(BrowserError):
        browser.found()
