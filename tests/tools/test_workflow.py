"""The workflows: their permissions, their commands, and the order of their jobs."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.__main__ import available

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / ".github/scripts"
WORKFLOWS = {path.name: path for path in (ROOT / ".github/workflows").glob("*.yml")}
# Every value as text: `on` would be true, and 3.10 would be 3.1.
PARSED = {name: yaml.load(path.read_text("utf-8"), yaml.BaseLoader) for name, path in WORKFLOWS.items()}  # noqa: S506
DEPLOY = PARSED["deploy.yml"]
JOBS = {f"{name}/{job}": content for name, parsed in PARSED.items() for job, content in parsed["jobs"].items()}


def steps(jobs: Mapping[str, Any] = JOBS) -> Iterator[dict[str, Any]]:
    """Yield the steps of all jobs."""
    for job in jobs.values():
        yield from job["steps"]


def using(action: str) -> list[dict[str, Any]]:
    """Return the steps that use an action."""
    return [step for step in steps() if step.get("uses", "").startswith(f"{action}@")]


def test_every_action_is_pinned_by_its_commit_with_its_version() -> None:
    used = [line for path in WORKFLOWS.values() for line in path.read_text("utf-8").splitlines() if "uses:" in line]
    assert used
    assert [
        line for line in used if not re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+( |$)", line)
    ] == []


def test_one_version_of_every_action_is_used() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    assert len(used) == len({action.partition("@")[0] for action in used})


def test_the_only_python_version_is_that_of_the_project() -> None:
    assert using("actions/setup-python")
    assert {step["with"]["python-version-file"] for step in using("actions/setup-python")} == {".python-version"}
    assert [path.name for path in WORKFLOWS.values() if "python-version:" in path.read_text("utf-8")] == []


def test_no_job_has_a_permission_that_it_does_not_need() -> None:
    assert [parsed["permissions"] for parsed in PARSED.values()] == [{}] * len(PARSED)
    written = {
        (name, scope) for name, job in JOBS.items() for scope, access in job["permissions"].items() if access != "read"
    }
    assert written == {("deploy.yml/deploy", "id-token")}
    assert {scope for job in JOBS.values() for scope in job["permissions"]} == {"actions", "contents", "id-token"}


def test_no_checkout_leaves_a_token() -> None:
    assert [step for step in using("actions/checkout") if step["with"].get("persist-credentials") != "false"] == []


@pytest.mark.parametrize("job", ["build", "test", "package"])
def test_large_models_are_fetched_where_they_are_used(job: str) -> None:
    assert DEPLOY["jobs"][job]["steps"][0]["with"]["lfs"] == "true"


def test_every_job_has_a_timeout_and_the_same_system() -> None:
    assert all(0 < int(job["timeout-minutes"]) <= 30 for job in JOBS.values())
    assert {job["runs-on"] for job in JOBS.values()} == {"ubuntu-24.04"}


def test_only_runs_of_pull_requests_are_cancelled_and_deployments_wait_for_each_other() -> None:
    assert DEPLOY["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    assert DEPLOY["jobs"]["deploy"]["concurrency"] == {"group": "production", "cancel-in-progress": "false"}


def test_a_push_is_deployed_and_a_pull_request_only_packaged() -> None:
    jobs = DEPLOY["jobs"]
    assert list(jobs) == ["build", "test", "package", "deploy", "smoke"]
    assert {job["if"] for job in (jobs["build"], jobs["test"], jobs["package"])} == {
        "github.event_name != 'workflow_dispatch'"
    }
    assert jobs["deploy"]["needs"] == ["build", "test", "package"]
    assert jobs["smoke"]["needs"] == "deploy"
    assert re.findall(r"event_name == '(\w+)'", jobs["deploy"]["if"]) == ["push", "workflow_dispatch"]
    assert re.findall(r"needs\.(\w+)\.result == 'success'", jobs["deploy"]["if"]) == ["build", "test", "package"]


def test_the_deployment_is_approved_and_logs_in_without_a_secret() -> None:
    assert DEPLOY["jobs"]["deploy"]["environment"]["name"] == "production"
    [login] = using("azure/login")
    assert set(login["with"]) == {"client-id", "tenant-id", "subscription-id"}
    text = WORKFLOWS["deploy.yml"].read_text("utf-8")
    assert re.findall(r"secrets\.\w+", text) == ["secrets.SMOKE_PASSWORD"]


def test_the_uploaded_package_is_deployed() -> None:
    [upload], downloads = using("actions/upload-artifact"), using("actions/download-artifact")
    assert upload["with"]["path"].split() == ["dist/egl-ml.zip", "dist/egl-ml.cdx.json"]  # with its bill of materials
    assert upload["with"]["if-no-files-found"] == "error"
    assert [step["with"]["name"] for step in downloads] == [upload["with"]["name"]] * 2
    assert [step["with"]["path"] for step in downloads] == ["dist", "dist"]


def test_the_smoke_test_compares_the_service_with_the_deployed_package() -> None:
    [command] = [step["run"] for step in DEPLOY["jobs"]["smoke"]["steps"] if "smoke" in step.get("run", "")]
    assert command.endswith("--package dist/egl-ml.zip")
    first, second = using("actions/download-artifact")
    assert first["with"] == second["with"]


def test_going_back_downloads_the_earlier_run_s_package_after_its_check() -> None:
    assert DEPLOY["on"]["workflow_dispatch"]["inputs"]["run"]["required"] == "true"
    actions = [step.get("run") or step["uses"].partition("@")[0] for step in DEPLOY["jobs"]["deploy"]["steps"]]
    assert actions.index(".github/scripts/earlier.sh") < actions.index("actions/download-artifact")
    for download in using("actions/download-artifact"):
        assert download["with"]["run-id"] == "${{ inputs.run || github.run_id }}"


def test_every_command_of_the_workflows_exists_here() -> None:
    lines = [line for step in steps() for line in step.get("run", "").splitlines()]
    targets = {target for line in lines for target in re.findall(r"^make (\S+)", line)}
    scripts = {script for line in lines for script in re.findall(r"\.github/scripts/\S+", line)}
    tools = {tool for line in lines for tool in re.findall(r"python -m tools (\w+)", line)}
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(INSTALLED):", ".venv/.installed:")
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
    assert {"check", "test", "package"} <= targets
    assert scripts == {f".github/scripts/{path.name}" for path in SCRIPTS.iterdir()}
    assert [path.name for path in SCRIPTS.iterdir() if not os.access(path, os.X_OK)] == []
    assert "smoke" in tools <= set(available())


def test_no_shell_command_has_an_expression() -> None:
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_func_tools_are_pinned() -> None:
    package = (ROOT / "tools/node/package.json").read_text("utf-8")
    lock = (ROOT / "tools/node/package-lock.json").read_text("utf-8")
    [version] = re.findall(r'"azure-functions-core-tools": "(\d+\.\d+\.\d+)"', package)
    assert re.search(rf'"node_modules/azure-functions-core-tools": {{\s+"version": "{re.escape(version)}"', lock)
    assert "resolved" not in lock
