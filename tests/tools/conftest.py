"""Packages for the tests: this project's own, made once, and a small project whose package is made quickly."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import packages
from tools import bootstrap
from tools import package as packaging
from tools.package import Package


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    """The package of this project, made in a folder with files that must not be deployed."""
    project = packages.copy(tmp_path_factory.mktemp("package") / "project")
    packages.link_cache(project)
    for name in packages.NOT_DEPLOYED:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("secret")
    yield packaging.make(project)
    shutil.rmtree(project)  # some 400 MB, which pytest would keep


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project, and a uv without a network that finds its only package."""
    uv = bootstrap.find_uv()
    assert uv, "there is no uv on PATH: run the tests with make test"
    for name, value in (("UV", uv), ("UV_OFFLINE", "1"), ("UV_FIND_LINKS", str(tmp_path / "wheels"))):
        monkeypatch.setenv(name, value)
    return packages.small(tmp_path)
