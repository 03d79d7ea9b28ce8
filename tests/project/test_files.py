"""The files that other programs read: Azure's host, func's publishing, git."""

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.api.endpoint import MAX_BODY_BYTES

ROOT = Path(__file__).parents[2]
DEPLOYED = {".funcignore", "function_app.py", "host.json", "model", "requirements.txt", "shared"}
SMALL_INSTANCE_BYTES = 2_048 * 1024 * 1024  # Flex Consumption's usual size


@pytest.fixture
def host() -> Any:
    return json.loads((ROOT / "host.json").read_text(encoding="utf-8"))


def ignored() -> list[str]:
    """Return the patterns of .funcignore."""
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_routes_have_no_prefix(host: Any) -> None:
    assert host["extensions"]["http"]["routePrefix"] == ""


def test_requests_and_exceptions_are_never_sampled(host: Any) -> None:
    sampling = host["logging"]["applicationInsights"]["samplingSettings"]
    assert sampling == {"isEnabled": True, "excludedTypes": "Request;Exception"}


def test_the_host_logs_each_request_once(host: Any) -> None:
    """The host's lines before and after each function would double what is stored, here and in FunctionAppLogs."""
    levels = host["logging"]["logLevel"]
    assert levels.pop("Host.Results") == "Information"  # the table `requests`
    assert levels.pop("Host.Startup") == "Information"  # some lines for each process
    assert levels == {"default": "Warning"}


def test_the_largest_bodies_of_all_concurrent_requests_fill_at_most_half_of_an_instance(host: Any) -> None:
    limits = host["extensions"]["http"]
    assert limits["maxConcurrentRequests"] * MAX_BODY_BYTES <= SMALL_INSTANCE_BYTES / 2
    assert limits["maxOutstandingRequests"] >= limits["maxConcurrentRequests"]


def test_a_function_ends_when_azures_load_balancer_hangs_up(host: Any) -> None:
    hours, minutes, seconds = map(int, host["functionTimeout"].split(":"))
    assert timedelta(hours=hours, minutes=minutes, seconds=seconds) == timedelta(seconds=230)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only git knows which files belong to the project")
def test_func_publishes_only_the_deployed_files() -> None:
    tracked = subprocess.check_output(["git", "ls-files"], cwd=ROOT, encoding="utf-8")
    top = {path.partition("/")[0] for path in tracked.splitlines()}
    assert top - {pattern.removeprefix("/") for pattern in ignored()} <= DEPLOYED
    assert "/model/train.py" in ignored()


def test_funcignore_names_paths_from_the_top_without_wildcards() -> None:
    assert [pattern for pattern in ignored() if not pattern.startswith("/") or "*" in pattern] == []
    assert "/.python_packages" not in ignored()


def test_func_ignores_everything_that_git_ignores() -> None:
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
        ("model/challenger/slr.joblib", False),
        ("model/previous/slr.onnx", False),
        ("model/slr.json", False),
        ("model/slr.data.json", False),
        ("shared/model/loader.py", False),
    ],
)
def test_heavy_models_go_through_lfs_and_the_demo_model_does_not(tmp_path: Path, path: str, through_lfs: bool) -> None:
    subprocess.check_call(["git", "init", "--quiet"], cwd=tmp_path)
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    printed = subprocess.check_output(["git", "check-attr", "filter", path], cwd=tmp_path, encoding="utf-8")
    assert printed.endswith("filter: lfs\n") is through_lfs


@pytest.mark.parametrize("own_rules", [False, True], ids=["as it is", "the demo's lines removed"])
@pytest.mark.parametrize("name", ["slr.joblib", "slr.onnx", "slr.json", "slr.data.json", "slr.picture.json"])
def test_a_file_has_the_same_attributes_as_champion_challenger_and_previous(
    tmp_path: Path, name: str, own_rules: bool
) -> None:
    """A move between the folders must not turn a file into a pointer, also for who sends all models through lfs."""
    subprocess.check_call(["git", "init", "--quiet"], cwd=tmp_path)
    lines = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not (own_rules and "/slr." in line)]
    (tmp_path / ".gitattributes").write_text("".join(kept), encoding="utf-8")
    paths = [f"model/{folder}{name}" for folder in ("", "challenger/", "previous/")]
    printed = subprocess.check_output(["git", "check-attr", "--all", *paths], cwd=tmp_path, encoding="utf-8")
    first, *others = ([line[len(path) :] for line in printed.splitlines() if line.startswith(path)] for path in paths)
    assert first
    assert others == [first, first]
