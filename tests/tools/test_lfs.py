"""git-lfs: a large model goes through it, the demo model does not, and a pointer is not accepted as a model."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.model.manifest import Artifact
from shared.model.runtimes.sklearn import load_estimator
from shared.problems import ModelUnavailable
from tools.errors import PackageError
from tools.package import app

ROOT = Path(__file__).parents[2]
LARGE = bytes(range(256)) * 4_096  # a megabyte
DEMO = b"small enough for git"
WITHOUT_LFS = ("-c", "filter.lfs.process=", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.required=false")


@pytest.fixture(autouse=True)
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git without a user's configuration, with git-lfs."""
    if not shutil.which("git-lfs"):
        if os.environ.get("CI") == "true":
            pytest.fail("git-lfs is missing: apt-get install git-lfs")
        pytest.skip("git-lfs is not installed: large models are not tested")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name, value in (("user.name", "A"), ("user.email", "a@example.com"), ("init.defaultBranch", "main")):
        run(tmp_path, "config", "--global", name, value)
    run(tmp_path, "lfs", "install", "--skip-repo")


@pytest.fixture
def remote(tmp_path: Path) -> str:
    """A repository with this project's attributes, large models and the demo model, pushed to a remote in a folder."""
    project, remote = tmp_path / "project", tmp_path / "remote.git"
    run(tmp_path, "init", "--quiet", "--bare", str(remote))
    run(tmp_path, "clone", "--quiet", remote.as_uri(), str(project))
    shutil.copy(ROOT / ".gitattributes", project)
    for name, content in (("model/mine.joblib", LARGE), ("model/deep/mine.onnx", LARGE), ("model/slr.joblib", DEMO)):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(content)
    run(project, "add", "--all")
    run(project, "commit", "--quiet", "--message", "models")
    run(project, "push", "--quiet", "origin", "main")
    return remote.as_uri()


def run(folder: Path, *arguments: str) -> str:
    """Run git, and return its output."""
    result = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_git_has_pointers_to_large_models_and_the_demo_model_itself(remote: str, tmp_path: Path) -> None:
    run(tmp_path, "clone", "--quiet", "--bare", remote, "bare.git")
    assert run(tmp_path / "bare.git", "show", "main:model/mine.joblib").startswith(app.LFS_POINTER.decode())
    assert run(tmp_path / "bare.git", "show", "main:model/slr.joblib") == DEMO.decode()
    names = run(tmp_path / "project", "lfs", "ls-files", "--name-only").splitlines()
    assert sorted(names) == ["model/deep/mine.onnx", "model/mine.joblib"]


def test_a_clone_has_the_large_models(remote: str, tmp_path: Path) -> None:
    run(tmp_path, "clone", "--quiet", remote, "clone")
    assert (tmp_path / "clone/model/mine.joblib").read_bytes() == LARGE
    assert (tmp_path / "clone/model/deep/mine.onnx").read_bytes() == LARGE


def test_without_git_lfs_the_pointers_of_a_clone_are_refused(remote: str, tmp_path: Path) -> None:
    run(tmp_path, *WITHOUT_LFS, "clone", "--quiet", remote, "clone")
    clone = tmp_path / "clone"
    assert (clone / "model/slr.joblib").read_bytes() == DEMO
    artifact = Artifact(file="mine.joblib", sha256="", estimator="Mine", scikit_learn="1.9.1")
    with pytest.raises(ModelUnavailable) as caught:
        load_estimator(clone / "model", artifact)
    assert "git-lfs pointer: run git lfs pull" in caught.value.reason
    with pytest.raises(PackageError, match="run `git lfs pull`"):
        app.refuse_pointers(clone, [Path("model/slr.joblib"), Path("model/mine.joblib")])


def test_git_lfs_pull_fetches_the_models(remote: str, tmp_path: Path) -> None:
    run(tmp_path, *WITHOUT_LFS, "clone", "--quiet", remote, "clone")
    run(tmp_path / "clone", "lfs", "pull")
    assert (tmp_path / "clone/model/mine.joblib").read_bytes() == LARGE
    app.refuse_pointers(tmp_path / "clone", [Path("model/mine.joblib")])


def test_a_large_model_can_be_added_as_in_docs_models_md(remote: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    assert "`model/**/slr.joblib -filter …` out of `.gitattributes`" in (ROOT / "docs/models.md").read_text("utf-8")
    lines = (project / ".gitattributes").read_text("utf-8").splitlines(keepends=True)
    changed = [line for line in lines if not line.startswith("model/**/slr.joblib -filter ")]
    assert len(changed) == len(lines) - 1
    (project / ".gitattributes").write_text("".join(changed), "utf-8")
    (project / "model/slr.joblib").write_bytes(LARGE)
    run(project, "add", "--all")
    run(project, "commit", "--quiet", "--message", "large")
    run(project, "push", "--quiet", "origin", "main")
    assert "model/slr.joblib" in run(project, "lfs", "ls-files", "--name-only").splitlines()
    run(tmp_path, "clone", "--quiet", remote, "clone")
    assert (tmp_path / "clone/model/slr.joblib").read_bytes() == LARGE
