"""The files that others read: Azure's host, func's publishing, git."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from shared.endpoint import MOST_BODY_BYTES

ROOT = Path(__file__).parent.parent
DEPLOYED = {".funcignore", "function_app.py", "host.json", "model", "requirements.txt", "shared"}


SMALL_INSTANCE_BYTES = 2_048 * 1024 * 1024  # Flex Consumption's usual size


@pytest.fixture
def host() -> Any:
    return json.loads((ROOT / "host.json").read_text(encoding="utf-8"))


def ignored() -> list[str]:
    """The patterns of .funcignore."""
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_routes_have_no_prefix(host: Any) -> None:
    assert host["extensions"]["http"]["routePrefix"] == ""


def test_requests_and_exceptions_are_never_sampled(host: Any) -> None:
    sampling = host["logging"]["applicationInsights"]["samplingSettings"]
    assert sampling == {"isEnabled": True, "excludedTypes": "Request;Exception"}


def test_the_largest_bodies_of_all_requests_under_way_fill_at_most_half_of_an_instance(host: Any) -> None:
    limits = host["extensions"]["http"]
    assert limits["maxConcurrentRequests"] * MOST_BODY_BYTES <= SMALL_INSTANCE_BYTES / 2
    assert limits["maxOutstandingRequests"] >= limits["maxConcurrentRequests"]


def test_a_function_ends_when_azure_s_load_balancer_hangs_up(host: Any) -> None:
    hours, minutes, seconds = map(int, host["functionTimeout"].split(":"))
    assert timedelta(hours=hours, minutes=minutes, seconds=seconds) == timedelta(seconds=230)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only git knows which files are the project's")
def test_what_func_publishes_is_what_is_deployed() -> None:
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, encoding="utf-8")
    top = {path.partition("/")[0] for path in tracked.splitlines()}
    assert top - {pattern.removeprefix("/") for pattern in ignored()} <= DEPLOYED
    assert "/model/train.py" in ignored()


def test_what_func_ignores_is_named_from_the_top_and_without_wildcards() -> None:
    assert [pattern for pattern in ignored() if not pattern.startswith("/") or "*" in pattern] == []
    assert "/.python_packages" not in ignored()


def test_what_git_ignores_func_ignores_too() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    names = {f"/{line.rstrip('/')}" for line in lines if line and not line.startswith("#")}
    assert names - {"/__pycache__"} <= set(ignored())


@pytest.mark.parametrize(
    ("path", "through_lfs"),
    [
        ("model/mine.joblib", True),
        ("model/deep/er/mine.onnx", True),
        ("model/mine.pkl", True),
        ("model/slr.joblib", False),
        ("model/slr.onnx", False),
        ("model/slr.json", False),
        ("shared/model.py", False),
    ],
)
def test_heavy_models_go_through_lfs_and_the_demo_model_does_not(tmp_path: Path, path: str, through_lfs: bool) -> None:
    subprocess.check_call(["git", "init", "--quiet"], cwd=tmp_path)
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    said = subprocess.check_output(["git", "check-attr", "filter", path], cwd=tmp_path, encoding="utf-8")
    assert said.endswith("filter: lfs\n") is through_lfs
