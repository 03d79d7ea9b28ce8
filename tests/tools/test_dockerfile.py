"""The Dockerfile, without a container engine: its commands run here, and make the package that is published."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings import DECLARED
from tests.listening import listening
from tests.tools import packages
from tests.tools.packages import ROOT
from tools import bootstrap
from tools import package as packaging

BUILD = "0bf6c22"
SETTINGS_OF_THE_HOST = {"ASPNETCORE_URLS", "AzureWebJobsDisableHomepage", "AzureWebJobsSecretStorageType"}


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile, with its continuations."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """The arguments, without options."""
        return [word for word in self.text.split() if not word.startswith("--")]


def read() -> list[list[Instruction]]:
    """Return the Dockerfile's stages; the lines before the first FROM are a stage too."""
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
    """Return the arguments of all instructions of a name."""
    return [instruction.text for instruction in stage if instruction.name == name]


def allowed() -> list[str]:
    """Return the paths that .dockerignore allows in the build context."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    return [line[1:] for line in lines if line.startswith("!")]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """This project as a build context, with one small wheel in place of its dependencies, which take much longer."""
    project = packages.copy(tmp_path / "project")
    shutil.copytree(ROOT / "tools", project / "tools", ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    (tmp_path / "wheels").mkdir()
    packages.lock(project, "requirements.txt", packages.wheel(tmp_path, "demo", {"demo.py": "ANSWER = 42"}))
    return project


@pytest.fixture
def uv_environ(tmp_path: Path) -> dict[str, str]:
    """Variables of a uv without a network that finds the wheel."""
    uv = bootstrap.find_uv()
    assert uv, "there is no uv on PATH: run the tests with make test"
    return {"UV": uv, "UV_OFFLINE": "1", "UV_FIND_LINKS": str(tmp_path / "wheels")}


@pytest.fixture
def source(context: Path, uv_environ: dict[str, str], tmp_path: Path) -> Path:
    """The first stage's folder after its commands, with a Python that has no packages."""
    folder, programs = tmp_path / "src", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    python = programs / "python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    environ = {"PATH": f"{programs}:{os.defpath}", "HOME": str(folder), "BUILD_ID": BUILD, **uv_environ}
    for instruction in FIRST:
        if instruction.name == "COPY":
            copy(context, instruction.words, folder)
        elif instruction.name == "RUN":
            subprocess.run(instruction.text, shell=True, cwd=folder, env=environ, check=True)  # noqa: S602
    return folder


def copy(context: Path, words: list[str], folder: Path) -> None:
    """Copy as COPY does: files into a folder, a folder's content into a folder."""
    *sources, target = words
    for name in sources:
        if (context / name).is_dir():
            shutil.copytree(context / name, folder / target)
        else:
            (folder / target).mkdir(parents=True, exist_ok=True)
            shutil.copy(context / name, folder / target)


@pytest.fixture
def wwwroot(source: Path) -> Path:
    """The service's folder in the image, assembled as in the second stage."""
    root = source / "image"
    for text in texts(SECOND, "COPY"):
        option, origin, target = text.split()
        assert option == "--from=package"
        (root / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for path in (source / origin.removeprefix("/src/")).iterdir():
            path.rename(root / target.lstrip("/") / path.name)
    return root / "home/site/wwwroot"


def test_both_stages_have_the_same_base_with_the_project_s_python() -> None:
    version = (ROOT / ".python-version").read_text("utf-8").strip()
    assert texts(BEFORE, "ARG") == [f"BASE_IMAGE=mcr.microsoft.com/azure-functions/python:4-python{version}"]
    assert [text.split()[0] for text in (*texts(FIRST, "FROM"), *texts(SECOND, "FROM"))] == ["${BASE_IMAGE}"] * 2


def test_the_build_context_is_exactly_the_copied_files() -> None:
    sources = [word for text in texts(FIRST, "COPY") for word in text.split()[:-1]]
    assert sorted(sources) == sorted(allowed())


def test_the_dependencies_are_built_before_other_files_are_copied() -> None:
    build = next(i for i, instruction in enumerate(FIRST) if "--dependencies" in instruction.text)
    before = [word for text in texts(FIRST[:build], "COPY") for word in text.split()[:-1]]
    others = [word for word in before if not word.startswith("tools/")]
    assert others == [
        ".python-version",
        "requirements.txt",
        "model",
    ]


def test_the_image_has_the_published_package_and_the_name_of_the_build(
    wwwroot: Path, context: Path, uv_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in uv_environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("BUILD_ID", raising=False)
    published = files(packaging.make(context).folder)
    assert ".python_packages/lib/site-packages/demo.py" in published
    assert files(wwwroot) == {**published, "BUILD_ID": BUILD.encode()}


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_does_not_run_as_root_and_fits_the_deployment_on_kubernetes() -> None:
    text = (ROOT / "infra/k8s/base/deployment.yaml").read_text("utf-8")
    spec: Any = yaml.safe_load(text)["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert texts(SECOND, "USER") == [f"{spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}"]
    assert texts(SECOND, "EXPOSE") == [str(container["ports"][0]["containerPort"])]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    [mkdir] = texts(SECOND, "RUN")
    assert {*re.findall(r"(/\S+)", mkdir.partition("&&")[0]), "/tmp"} <= mounted  # noqa: S108
    assert "USER" not in [instruction.name for instruction in FIRST]


def test_it_has_the_host_s_settings_and_none_of_the_service_s() -> None:
    [text] = texts(SECOND, "ENV")
    variables = dict(pair.split("=", 1) for pair in text.split())
    assert variables.keys() >= SETTINGS_OF_THE_HOST
    assert variables.keys().isdisjoint(DECLARED)
    assert variables["ASPNETCORE_URLS"].endswith(f":{texts(SECOND, 'EXPOSE')[0]}")


def test_the_host_is_the_first_process_so_that_sigterm_reaches_it() -> None:
    assert [json.loads(text) for text in texts(SECOND, "CMD")] == [
        ["/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost"]
    ]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project with container.sh, and fake programs that list their calls."""
    project = tmp_path / "project"
    (project / ".github/scripts").mkdir(parents=True)
    shutil.copy(ROOT / ".github/scripts/container.sh", project / ".github/scripts")
    shutil.copy(ROOT / "local.settings.json.example", project / "local.settings.json")
    return project


def run_container(project: Path, tmp_path: Path, code: int) -> tuple[int, str]:
    """Run container.sh with a docker whose container ends with a code. Returns the script's code and docker's calls."""
    programs, calls = tmp_path / "programs", tmp_path / "calls"
    programs.mkdir()
    bodies = {
        "docker": f'echo "$*" >>{calls}; [ "$1" = inspect ] && echo {code}; exit 0',
        "python3": f'[ "$1" = -m ] && exit 0; exec {sys.executable} "$@"',
    }
    for name, body in bodies.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    script = project / ".github/scripts/container.sh"
    done = subprocess.run([script], env={"PATH": f"{programs}:{os.defpath}"}, capture_output=True, check=False)
    return done.returncode, calls.read_text()


def test_the_container_is_started_with_a_read_only_root_and_the_deployment_s_volumes(
    checkout: Path, tmp_path: Path
) -> None:
    spec: Any = yaml.safe_load((ROOT / "infra/k8s/base/deployment.yaml").read_text("utf-8"))["spec"]["template"]["spec"]
    code, calls = run_container(checkout, tmp_path, 0)
    [start] = [line for line in calls.splitlines() if line.startswith("run")]
    assert code == 0
    assert "--read-only" in start.split()
    assert set(re.findall(r"--tmpfs (\S+)", start)) == {
        mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]
    }


@pytest.mark.parametrize(("ended", "code"), [(0, 0), (143, 0), (137, 1)])
def test_a_container_that_had_to_be_killed_fails_the_script(
    checkout: Path, tmp_path: Path, ended: int, code: int
) -> None:
    assert run_container(checkout, tmp_path, ended)[0] == code


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 22)])
@pytest.mark.skipif(not shutil.which("curl"), reason="the health check needs curl")
def test_the_health_check_fails_for_an_unready_service(status: int, code: int) -> None:
    [text] = texts(SECOND, "HEALTHCHECK")
    command = json.loads(text.partition("CMD ")[2])
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None: ...

    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        words = [word.replace(":8080/", f":{server.server_address[1]}/") for word in command]
        result = subprocess.run(words, capture_output=True, check=False)
    assert (result.returncode, requested) == (code, ["/health/ready"])


def test_the_documented_commands_make_an_env_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    lines = (ROOT / "docs/container.md").read_text("utf-8").splitlines()
    [line] = [line for line in lines if line.endswith("> .env)")]
    shutil.copy(ROOT / "local.settings.json.example", tmp_path / "local.settings.json")
    subprocess.run(line, shell=True, cwd=tmp_path, check=True)  # noqa: S602
    values = json.loads((tmp_path / "local.settings.json").read_text("utf-8"))["Values"]
    variables = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text("utf-8").splitlines())
    assert variables == values
    assert variables["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    assert line in (ROOT / ".github/scripts/container.sh").read_text("utf-8").splitlines()
