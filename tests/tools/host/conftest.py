"""Hosts for the tests; those that many tests ask are started once."""

import json
from collections.abc import Iterator, Mapping

import pytest

from tests.tools.host.process import NO_PREFIX, Host, Start, source


def starting(factory: pytest.TempPathFactory) -> Iterator[Start]:
    """A function that writes an app into a folder and starts the host for it; every host is ended afterwards."""
    hosts: list[Host] = []

    def start(app: str | None, *arguments: str, files: Mapping[str, str] | None = None, **environment: str) -> Host:
        folder = factory.mktemp("app")
        for name, text in ({} if app is None else {"function_app.py": app, **(files or {})}).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        hosts.append(Host(folder, *arguments, **environment))
        return hosts[-1]

    yield start
    for host in hosts:
        host.end()


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start hosts for one test."""
    yield from starting(tmp_path_factory)


@pytest.fixture(scope="session")
def start_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start hosts for all tests."""
    yield from starting(tmp_path_factory)


@pytest.fixture(scope="session")
def zoo(start_for_all: Start) -> Host:
    """An app with a function for every question; no prefix."""
    return start_for_all(source("zoo"), files={"host.json": NO_PREFIX}).ready()


@pytest.fixture(scope="session")
def plain(start_for_all: Start) -> Host:
    """An app without host.json, with a local.settings.json that the environment contradicts."""
    values = {"FROM_FILE": "file", "FROM_BOTH": "file", "NUMBER": 5, "SWITCH": True}
    files = {"local.settings.json": json.dumps({"Values": values})}
    return start_for_all(source("plain"), files=files, FROM_BOTH="environment").ready()
