"""Credentials come from the environment or from a terminal."""

import getpass
import io
import sys

import pytest

from tools.score.login import Credentials, credentials


def test_a_token_comes_before_a_login_and_can_be_renewed_with_it() -> None:
    environ = {"EGL_ML_TOKEN": "t", "EGL_ML_USER": "abi", "EGL_ML_PASSWORD": "p"}
    assert credentials(environ) == Credentials("t", "abi", "p")
    assert credentials({"EGL_ML_TOKEN": "t"}) == Credentials("t")


@pytest.mark.parametrize("user", ["", "zoe"])
def test_a_terminal_is_asked_for_what_is_missing(monkeypatch: pytest.MonkeyPatch, user: str) -> None:
    terminal = io.StringIO("abi\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: "typed")
    assert credentials({"EGL_ML_USER": user}) == Credentials("", user or "abi", "typed")


def test_secrets_are_not_in_the_text_of_credentials() -> None:
    assert repr(Credentials("t0ken", "abi", "pa55")) == "Credentials(user='abi')"
