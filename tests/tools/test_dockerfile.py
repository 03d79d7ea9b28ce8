"""The Dockerfile, without an engine: its commands are run, and what they make is the package that is published."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings import DECLARED
from tests.tools.packages import ROOT, with_cache
from tools import bootstrap
from tools.package import Package

pytestmark = pytest.mark.timeout(300)  # on a clean machine the packages are fetched first
SETTINGS_OF_THE_HOST = {"ASPNETCORE_URLS", "AzureWebJobsDisableHomepage", "AzureWebJobsSecretStorageType"}


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, continuations joined."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """What stands behind the instruction, without options."""
        return [word for word in self.text.split() if not word.startswith("--")]


def read() -> list[list[Instruction]]:
    """The Dockerfile's stages; what stands before the first is a stage too."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    stages: list[list[Instruction]] = [[]]
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            stages.extend([[]] if name == "FROM" else [])
            stages[-1].append(Instruction(name, rest.strip()))
    return stages


BEFORE, FIRST, SECOND = read()


def texts(stage: list[Instruction], name: str) -> list[str]:
    """What stands behind all instructions of a name."""
    return [each.text for each in stage if each.name == name]


def let_in() -> list[str]:
    """What .dockerignore lets into the builder."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    return [line[1:] for line in lines if line.startswith("!")]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The first stage's folder after its commands, with a Python that has no packages and the cache of this project."""
    folder = with_cache(tmp_path_factory.mktemp("src"))
    (folder.with_name("bin")).mkdir()
    python = folder.with_name("bin") / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    uv = bootstrap.find_uv()
    assert uv, "there is no uv on PATH: run the tests with make test"
    environ = {"PATH": f"{python.parent}:{os.defpath}", "HOME": str(folder), "UV": uv, "BUILD_ID": "0bf6c22"}
    for each in FIRST:
        if each.name == "COPY":
            copied(each.words, folder)
        elif each.name == "RUN":
            subprocess.run(each.text, shell=True, cwd=folder, env=environ, check=True)  # noqa: S602
    yield folder
    shutil.rmtree(folder)  # some 400 MB, which pytest would keep


def copied(words: list[str], folder: Path) -> None:
    """Do what COPY does: files into a folder, a folder's content into a folder."""
    *sources, target = words
    for name in sources:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / target)


@pytest.fixture(scope="module")
def wwwroot(source: Path) -> Path:
    """The service's folder in the image, put together as the second stage does."""
    root = source / "image"
    for text in texts(SECOND, "COPY"):
        option, origin, target = text.split()
        assert option == "--from=package"
        (root / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for path in (source / origin.removeprefix("/src/")).iterdir():
            path.rename(root / target.lstrip("/") / path.name)
    return root / "home/site/wwwroot"


def test_both_stages_stand_on_one_base_of_the_project_s_python() -> None:
    version = (ROOT / ".python-version").read_text("utf-8").strip()
    assert texts(BEFORE, "ARG") == [f"BASE_IMAGE=mcr.microsoft.com/azure-functions/python:4-python{version}"]
    assert [text.split()[0] for text in (*texts(FIRST, "FROM"), *texts(SECOND, "FROM"))] == ["${BASE_IMAGE}"] * 2


def test_all_that_is_copied_is_let_in_and_nothing_else() -> None:
    sources = [word for text in texts(FIRST, "COPY") for word in text.split()[:-1]]
    assert sorted(sources) == sorted(let_in())


def test_the_packages_are_made_before_anything_else_is_copied() -> None:
    made = next(i for i, each in enumerate(FIRST) if "--dependencies" in each.text)
    before = [word for each in FIRST[:made] if each.name == "COPY" for word in each.text.split()[:-1]]
    assert [word for word in before if not word.startswith("tools/")] == [".python-version", "requirements.txt"]


def test_the_image_holds_the_package_that_is_published_and_the_build_s_name(wwwroot: Path, made: Package) -> None:
    assert files(wwwroot) == {**files(made.folder), "BUILD_ID": len("0bf6c22")}


def files(folder: Path) -> dict[str, int]:
    """The size of every file in a folder."""
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def test_it_does_not_run_as_root_and_fits_the_deployment_on_kubernetes() -> None:
    text = (ROOT / "infra/k8s/base/deployment.yaml").read_text("utf-8")
    spec: Any = yaml.safe_load(text)["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert texts(SECOND, "USER") == [f"{spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}"]
    assert texts(SECOND, "EXPOSE") == [str(container["ports"][0]["containerPort"])]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    [prepared] = texts(SECOND, "RUN")
    assert {*re.findall(r"(/\S+)", prepared.partition("&&")[0]), "/tmp"} <= mounted  # noqa: S108
    assert "USER" not in [each.name for each in FIRST]


def test_it_holds_the_host_s_settings_and_none_of_the_service_s() -> None:
    [text] = texts(SECOND, "ENV")
    given = dict(pair.split("=", 1) for pair in text.split())
    assert given.keys() >= SETTINGS_OF_THE_HOST
    assert given.keys().isdisjoint(DECLARED)
    assert given["ASPNETCORE_URLS"].endswith(f":{texts(SECOND, 'EXPOSE')[0]}")


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 22)])
@pytest.mark.skipif(not shutil.which("curl"), reason="the health check is curl's")
def test_the_health_check_tells_ready_from_unready(status: int, code: int) -> None:
    [text] = texts(SECOND, "HEALTHCHECK")
    command = json.loads(text.partition("CMD ")[2])
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        here = [word.replace(":8080/", f":{server.server_address[1]}/") for word in command]
        done = subprocess.run(here, capture_output=True, check=False)
        server.shutdown()
        thread.join()
    assert (done.returncode, asked) == (code, ["/health/ready"])


def test_the_documented_lines_make_an_env_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    lines = (ROOT / "docs/container.md").read_text("utf-8").splitlines()
    [line] = [line for line in lines if line.endswith("> .env)")]
    shutil.copy(ROOT / "local.settings.json.example", tmp_path / "local.settings.json")
    subprocess.run(line, shell=True, cwd=tmp_path, check=True)  # noqa: S602
    values = json.loads((tmp_path / "local.settings.json").read_text("utf-8"))["Values"]
    made = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text("utf-8").splitlines())
    assert made == values
    assert made["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert line in (ROOT / ".github/scripts/container.sh").read_text("utf-8").splitlines()
