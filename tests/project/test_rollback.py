"""The way back to the model before, as docs/models.md has it, in a repository of its own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tools.model import adopt

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "models.md"
PARTS = ("shared", "tools", "model", "docs")
FILES = ("function_app.py", "host.json", "egl", "pyproject.toml", "requirements.txt")


def run(project: Path, *command: str) -> str:
    return subprocess.run(command, cwd=project, check=True, capture_output=True, text=True).stdout


def commit(project: Path, message: str) -> str:
    run(project, "git", "add", "--all")
    run(project, "git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", message)
    return run(project, "git", "rev-parse", "HEAD").strip()


def recipe(commit: str) -> str:
    """Return the commands of the page."""
    section = PAGE.read_text(encoding="utf-8").partition("## Back to the model before")[2]
    block = re.search(r"```text\n(.*?)```", section, re.DOTALL)
    assert block
    return block[1].replace("COMMIT", commit)


def put_other(project: Path) -> None:
    """Put a model in place of the first, one without a graph, and generate what depends on it."""
    rows = np.random.default_rng(0).normal(size=(40, 2))
    target = np.i0(rows) @ [1.0, 2.0]
    model = make_pipeline(FunctionTransformer(np.i0), LinearRegression()).fit(rows, target)
    adopt(model, rows, target, name="other", folder=project / "model")
    run(project, sys.executable, "-m", "tools", "generate", "openapi")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with what the commands need, and the environment of these tests."""
    copy = tmp_path / "project"
    for part in PARTS:
        shutil.copytree(PROJECT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for file in FILES:
        shutil.copy(PROJECT / file, copy)
    run(copy, "git", "init", "--quiet")
    (copy / ".git" / "info" / "exclude").write_text(".venv\n__pycache__\n")
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


def test_the_files_of_the_model_before_and_its_api_come_back(project: Path) -> None:
    run(project, sys.executable, "-m", "tools", "generate", "openapi")
    first = commit(project, "first")
    put_other(project)
    second = commit(project, "second")
    changed = run(project, "git", "diff", "--name-only", first, second).split()
    assert {"docs/openapi.json", "model/slr.json", "model/slr.onnx"} <= set(changed)

    run(project, "sh", "-ec", recipe(first))

    assert run(project, "git", "diff", "--name-only", first) == ""
    run(project, sys.executable, "-m", "tools", "generate", "--check", "openapi")

    commit(project, "back")
    run(project, "sh", "-ec", recipe(second))

    assert run(project, "git", "diff", "--name-only", second) == ""
    assert not (project / "model" / "slr.onnx").exists()


def test_a_challenger_is_adopted_promoted_and_taken_back_by_the_commands(project: Path) -> None:
    run(project, sys.executable, "-m", "tools", "generate", "openapi")
    first = commit(project, "first")
    data = "\n".join(["bmi,progression", *(f"{number / 100},{150 + number * 9 + number % 3}" for number in range(20))])
    (project / "train.csv").write_text(data)
    script = "import joblib, pandas; from sklearn.linear_model import Ridge; rows = pandas.read_csv('train.csv');"
    script += "joblib.dump(Ridge(0.001).fit(rows[['bmi']], rows['progression']), 'new.joblib')"
    run(project, sys.executable, "-c", script)
    adoption = ["new.joblib", "--data=train.csv", "--target=progression", "--classes=25,105.25,185.5,265.75"]
    printed = run(project, sys.executable, "-m", "tools", "model", *adoption, "--as=challenger")
    assert "The predictions differ for 100.0% of the rows." in printed
    assert run(project, "git", "diff", "--name-only", first) == ""

    run(project, sys.executable, "-m", "tools", "promote")

    assert not (project / "model" / "challenger").exists()
    assert "docs/openapi.json" in run(project, "git", "diff", "--name-only", first)
    run(project, sys.executable, "-m", "tools", "generate", "--check", "openapi")

    run(project, sys.executable, "-m", "tools", "promote", "--from=model/previous")

    assert run(project, "git", "diff", "--name-only", first) == ""
