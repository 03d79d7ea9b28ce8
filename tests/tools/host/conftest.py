"""Hosts for the tests. Those that many tests use are started once."""

import json
from collections.abc import Iterator, Mapping

import pytest

from tests.tools.host.process import NO_PREFIX, Host, Start, source


def starting(factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Yield a function that writes an app into a folder and starts the host for it. All hosts end afterwards."""
    hosts: list[Host] = []

    def start(app: str, *arguments: str, files: Mapping[str, str] | None = None, **environment: str) -> Host:
        folder = factory.mktemp("app")
        for name, text in {"function_app.py": app, **(files or {})}.items():
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
    """An app with a function for each behaviour of the host; no prefix."""
    return start_for_all(source("zoo"), files={"host.json": NO_PREFIX}).ready()


@pytest.fixture(scope="session")
def plain(start_for_all: Start) -> Host:
    """An app without host.json, with a local.settings.json and one variable that overrides it."""
    values = {"FROM_FILE": "file", "FROM_BOTH": "file", "NUMBER": 5, "SWITCH": True}
    files = {"local.settings.json": json.dumps({"Values": values})}
    return start_for_all(source("plain"), files=files, FROM_BOTH="environment").ready()
