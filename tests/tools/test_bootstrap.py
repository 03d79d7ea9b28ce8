"""The bootstrap creates an environment with nothing but a Python, and reports in one line why it cannot."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.tools.packages import lock, wheel
from tools import bootstrap

ROOT = Path(__file__).parent.parent.parent
CLOSED_PORT = "http://127.0.0.1:9/"  # the discard port, where nothing listens


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose only package is in a local folder, and an empty home."""
    for name in ("project/tools", "wheels", "home"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "tools/bootstrap.py", tmp_path / "project/tools")
    shutil.copy(ROOT / ".python-version", tmp_path / "project")
    lock(tmp_path / "project", "requirements-dev.txt", wheel(tmp_path, "demo", {"demo.py": "ANSWER = 42"}))
    return tmp_path / "project"


def run(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the bootstrap in `project` with this project's uv, without a network and this environment's variables."""
    environ = {
        "HOME": str(project.parent / "home"),
        "PATH": f"{Path(sys.executable).resolve().parent}:/usr/bin:/bin",
        "UV": uv(),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_RETRIES": "0",
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(project.parent / "wheels"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(project.parent / "wheels"),
        **variables,
    }
    command = [sys.executable, str(project / "tools/bootstrap.py"), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, encoding="utf-8", check=False)


def module(project: Path) -> ModuleType:
    """Import the bootstrap of `project`."""
    spec = importlib.util.spec_from_file_location("bootstrap_of_project", project / "tools/bootstrap.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_environment_has_the_project_s_python_and_exactly_the_locked_packages(project: Path) -> None:
    result = run(project)
    assert (result.returncode, result.stderr) == (0, "")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["Creating", "Installing"]
    code = "import demo, sys, importlib.metadata as m; print(sys.version_info[:2], [d.name for d in m.distributions()])"
    assert output(project / ".venv/bin/python", "-c", code) == "(3, 13) ['demo']"


def test_an_environment_with_the_right_python_is_kept_and_one_without_python_is_created_again(project: Path) -> None:
    run(project, ".env")
    (project / ".env/mine.txt").touch()
    assert run(project, ".env").returncode == 0
    assert (project / ".env/mine.txt").exists()
    (project / ".env/bin/python").unlink()
    assert run(project, ".env").returncode == 0
    assert (project / ".env/bin/python").exists()


def test_a_folder_that_is_not_an_environment_is_never_removed(project: Path) -> None:
    (project / "precious").mkdir()
    (project / "precious/work.txt").touch()
    result = run(project, "precious")
    assert result.returncode == 1
    assert "precious exists and is not a Python environment" in result.stderr
    assert (project / "precious/work.txt").exists()


def test_a_missing_python_is_reported_in_one_line(project: Path) -> None:
    (project / ".python-version").write_text("3.99\n")
    result = run(project)
    assert result.returncode == 1
    assert result.stderr.startswith("Python 3.99 is missing: install it")
    assert result.stderr.count("\n") == 1


def test_a_missing_network_is_reported_in_one_line_with_the_details_in_the_log(project: Path) -> None:
    result = run(project, UV_OFFLINE="0", UV_FIND_LINKS="", UV_DEFAULT_INDEX=CLOSED_PORT)
    assert result.returncode == 1
    assert "the package index cannot be reached (no network?). Details: .tools/install.log" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "error sending request" in (project / ".tools/install.log").read_text()


def test_a_package_that_is_not_the_locked_one_is_refused_in_one_line(project: Path) -> None:
    wheel(project.parent, "demo", {"demo.py": "ANSWER = 43"})
    result = run(project)
    assert result.returncode == 1
    assert "Hash mismatch for `demo==1.0`" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_missing_uv_is_downloaded_with_pip_as_pinned(project: Path) -> None:
    script = f"#!/bin/sh\nexec '{uv()}' \"$@\"\n"
    lock(project, "tools/uv.txt", wheel(project.parent, "uv", {"uv-1.0.data/scripts/uv": script}))
    result = run(project, UV="", PATH=path_without_uv(project))
    assert result.stdout.splitlines()[0] == "Downloading uv into .tools, a few seconds…"
    assert (result.stderr, result.returncode) == ("", 0)
    assert output(project / ".tools/bin/uv", "--version").startswith("uv ")


def test_a_uv_that_cannot_be_downloaded_is_reported_in_one_line(project: Path) -> None:
    (project / "tools/uv.txt").write_text(f"uv==1.0 --hash=sha256:{'0' * 64}\n")
    offline = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": CLOSED_PORT}
    result = run(project, UV="", PATH=path_without_uv(project), **offline)
    assert result.returncode == 1
    assert result.stderr.startswith("uv could not be downloaded: the package index cannot be reached")
    assert result.stderr.count("\n") == 1


def test_without_pip_the_pip_of_a_new_environment_is_used(tmp_path: Path) -> None:
    pip = bootstrap.find_pip(tmp_path, lambda *command: "venv" in command)
    assert pip == [str(tmp_path / "pip/bin/python"), "-m", "pip"]


def test_without_pip_and_venv_the_error_names_the_package_to_install(tmp_path: Path) -> None:
    with pytest.raises(bootstrap.BootstrapError, match="install uv or python3-venv"):
        bootstrap.find_pip(tmp_path, lambda *command: False)


def test_a_uv_that_does_not_run_is_skipped(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, code in (("shims", 127), (".tools/bin", 0)):
        (project / folder).mkdir(parents=True)
        (project / folder / "uv").write_text(f"#!/bin/sh\nexit {code}\n")
        (project / folder / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(project / "shims"))
    monkeypatch.delenv("UV", raising=False)
    assert module(project).find_uv() == str(project / ".tools/bin/uv")


def uv() -> str:
    path = bootstrap.find_uv()
    assert path, "there is no uv on PATH: run the tests with make test"
    return path


def path_without_uv(project: Path) -> str:
    """Return a PATH with this Python only: its own folder may contain a uv."""
    folder = project.parent / "path"
    folder.mkdir()
    (folder / "python3.13").symlink_to(Path(sys.executable).resolve())
    return str(folder)


def output(*command: str | Path) -> str:
    return subprocess.check_output(command, encoding="utf-8", env={"PATH": os.defpath}).strip()
