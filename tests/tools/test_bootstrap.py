"""The bootstrap: an environment from nothing but a Python, and one clear line when that cannot be."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).parent.parent.parent
CLOSED_PORT = "http://127.0.0.1:9/"  # the discard port, where nothing listens


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose only package is one in a folder beside it, and an empty home."""
    for name in ("project/tools", "wheels", "home"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "tools/bootstrap.py", tmp_path / "project/tools")
    shutil.copy(ROOT / ".python-version", tmp_path / "project")
    lock(tmp_path / "project", "requirements-dev.txt", wheel(tmp_path, "demo", {"demo.py": "ANSWER = 42"}))
    return tmp_path / "project"


def wheel(folder: Path, name: str, files: Mapping[str, str]) -> Path:
    """A wheel of version 1.0 in `folder`/wheels."""
    info = f"{name}-1.0.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={digest(text)},{len(text.encode())}\n" for path, text in content.items())
    path = folder / f"wheels/{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            entry = zipfile.ZipInfo(each)
            entry.external_attr = 0o100755 << 16  # a regular file, executable
            archive.writestr(entry, text)
    return path


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def lock(project: Path, name: str, wheel: Path) -> None:
    """Lock the wheel as the only package of the file `name`."""
    pin = f"{wheel.name.partition('-')[0]}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    (project / name).write_text(pin)


def bootstrapped(project: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the bootstrap in `project`, with this project's uv, without a network, with nothing of this environment."""
    given = {
        "HOME": str(project.parent / "home"),
        "PATH": f"{Path(sys.executable).resolve().parent}:/usr/bin:/bin",
        "UV": uv(),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_RETRIES": "0",
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(project.parent / "wheels"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(project.parent / "wheels"),
        **environ,
    }
    command = [sys.executable, str(project / "tools/bootstrap.py"), *arguments]
    return subprocess.run(command, env=given, capture_output=True, encoding="utf-8", check=False)


def test_the_environment_has_the_project_s_python_and_exactly_the_locked_packages(project: Path) -> None:
    assert bootstrapped(project).returncode == 0
    code = "import demo, sys, importlib.metadata as m; print(sys.version_info[:2], [d.name for d in m.distributions()])"
    assert said(project / ".venv/bin/python", "-c", code) == "(3, 13) ['demo']"


def test_every_wait_is_announced_and_nothing_else_is_said(project: Path) -> None:
    done = bootstrapped(project)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["Making", "Installing"]
    assert done.stderr == ""


def test_an_environment_with_the_right_python_is_kept(project: Path) -> None:
    bootstrapped(project, ".env")
    (project / ".env/mine.txt").touch()
    assert bootstrapped(project, ".env").returncode == 0
    assert (project / ".env/mine.txt").exists()


def test_an_environment_whose_python_is_gone_is_made_again(project: Path) -> None:
    bootstrapped(project)
    (project / ".venv/bin/python").unlink()
    assert bootstrapped(project).returncode == 0
    assert (project / ".venv/bin/python").exists()


def test_a_folder_that_is_no_environment_is_never_removed(project: Path) -> None:
    (project / "precious").mkdir()
    (project / "precious/work.txt").touch()
    done = bootstrapped(project, "precious")
    assert done.returncode == 1
    assert "precious is there and is no Python environment" in done.stderr
    assert (project / "precious/work.txt").exists()


def test_a_missing_python_is_told_in_one_line(project: Path) -> None:
    (project / ".python-version").write_text("3.99\n")
    done = bootstrapped(project)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.99 is missing: install it")
    assert done.stderr.count("\n") == 1


def test_a_missing_network_is_told_in_one_line_and_the_rest_is_in_the_log(project: Path) -> None:
    done = bootstrapped(project, UV_OFFLINE="0", UV_FIND_LINKS="", UV_DEFAULT_INDEX=CLOSED_PORT)
    assert done.returncode == 1
    assert "the package index cannot be reached (no network?). Details: .tools/install.log" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "error sending request" in (project / ".tools/install.log").read_text()


def test_a_package_that_is_not_the_locked_one_is_refused_in_one_line(project: Path) -> None:
    wheel(project.parent, "demo", {"demo.py": "ANSWER = 43"})
    done = bootstrapped(project)
    assert done.returncode == 1
    assert "Hash mismatch for `demo==1.0`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_uv_is_fetched_with_pip_as_it_is_pinned(project: Path) -> None:
    stand_in = f"#!/bin/sh\nexec '{uv()}' \"$@\"\n"
    lock(project, "tools/uv.txt", wheel(project.parent, "uv", {"uv-1.0.data/scripts/uv": stand_in}))
    done = bootstrapped(project, UV="", PATH=path_without_uv(project))
    assert (done.stdout.splitlines()[0], done.stderr, done.returncode) == (
        "Fetching uv into .tools, a few seconds…",
        "",
        0,
    )
    assert said(project / ".tools/bin/uv", "--version").startswith("uv ")


def test_a_uv_that_cannot_be_fetched_is_told_in_one_line(project: Path) -> None:
    (project / "tools/uv.txt").write_text(f"uv==1.0 --hash=sha256:{'0' * 64}\n")
    offline = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": CLOSED_PORT}
    done = bootstrapped(project, UV="", PATH=path_without_uv(project), **offline)
    assert done.returncode == 1
    assert done.stderr.startswith("uv could not be fetched: the package index cannot be reached")
    assert done.stderr.count("\n") == 1


def test_without_pip_an_environment_with_one_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "TOOLS", tmp_path)
    monkeypatch.setattr(bootstrap, "logged", lambda *command: "venv" in command)
    assert bootstrap.find_pip() == [str(tmp_path / "pip/bin/python"), "-m", "pip"]


def test_without_pip_and_venv_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "logged", lambda *command: False)
    with pytest.raises(bootstrap.BootstrapError, match="install uv or python3-venv"):
        bootstrap.find_pip()


def test_a_shim_that_leads_nowhere_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, code in (("shims", 127), ("bin", 0)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "uv").write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / folder / "uv").chmod(0o755)
    monkeypatch.setattr(bootstrap, "TOOLS", tmp_path)
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "install.log")
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.delenv("UV", raising=False)
    assert bootstrap.find_uv() == str(tmp_path / "bin/uv")


def uv() -> str:
    found = bootstrap.find_uv()
    assert found, "there is no uv on PATH: run the tests with make test"
    return found


def path_without_uv(project: Path) -> str:
    """A PATH with this Python and nothing else of the folder that it lives in: uv may live there too."""
    folder = project.parent / "path"
    folder.mkdir()
    (folder / "python3.13").symlink_to(Path(sys.executable).resolve())
    return str(folder)


def said(*command: str | Path) -> str:
    return subprocess.check_output(command, encoding="utf-8", env={"PATH": os.defpath}).strip()
