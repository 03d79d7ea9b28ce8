"""The workflows: their permissions, their commands, and their scripts."""

import os
import re
import shlex
import shutil
import subprocess
import sys
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
GOOD_RUN = ".github/workflows/deploy.yml push main success"


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


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for fake programs, each of which records its arguments."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def fake(folder: Path, name: str, body: str) -> None:
    """Write a program that appends its name, folder and arguments to the file `calls`, and then runs `body`."""
    folder.mkdir(parents=True, exist_ok=True)
    calls = folder / "calls"
    (folder / name).write_text(f'#!/bin/sh\necho "{name} in $(basename "$PWD"): $*" >>"{calls}"\n{body}\n')
    (folder / name).chmod(0o755)


def run(script: Path, programs: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a script with the fake programs first on PATH."""
    variables = {"PATH": f"{programs}:{os.defpath}", "GITHUB_REPOSITORY": "owner/egl-ml", **environ}
    return subprocess.run([script], env=variables, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.parametrize(
    "response", [GOOD_RUN, GOOD_RUN.replace("main", "master"), GOOD_RUN.replace(".yml ", ".yml@main ")]
)
def test_a_good_run_of_the_main_branch_may_be_deployed_again(programs: Path, response: str) -> None:
    fake(programs, "gh", f"echo '{response}'")
    assert run(SCRIPTS / "earlier.sh", programs, RUN="123").returncode == 0
    assert "api repos/owner/egl-ml/actions/runs/123 " in (programs / "calls").read_text()


@pytest.mark.parametrize(
    "response",
    [
        GOOD_RUN.replace("push", "pull_request"),
        GOOD_RUN.replace("main", "feature"),
        GOOD_RUN.replace("success", "failure"),
        GOOD_RUN.replace("deploy.yml", "other.yml"),
        GOOD_RUN.replace("push", "workflow_dispatch"),
        "",
    ],
)
def test_the_package_of_another_run_is_refused(programs: Path, response: str) -> None:
    fake(programs, "gh", f"echo '{response}'")
    result = run(SCRIPTS / "earlier.sh", programs, RUN="123")
    assert result.returncode == 1
    assert result.stderr.startswith("::error::Run 123 is no successful deployment of the main branch")


@pytest.mark.parametrize("number", ["1/../2", "latest", "1 2"])
def test_an_invalid_run_number_is_refused_without_a_request(programs: Path, number: str) -> None:
    fake(programs, "gh", "")
    assert run(SCRIPTS / "earlier.sh", programs, RUN=number).returncode == 1
    assert not (programs / "calls").exists()


def test_a_run_that_cannot_be_read_is_refused(programs: Path) -> None:
    fake(programs, "gh", "exit 4")
    assert run(SCRIPTS / "earlier.sh", programs, RUN="123").returncode == 4


def test_after_a_failed_deployment_the_way_back_is_shown(programs: Path, tmp_path: Path) -> None:
    fake(programs, "gh", 'case "$2" in *branch=master) echo 77;; esac')
    result = run(SCRIPTS / "go-back.sh", programs, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert result.returncode == 0
    assert "gh workflow run deploy.yml -f run=77" in result.stdout
    assert "gh workflow run deploy.yml --repo owner/egl-ml -f run=77" in (tmp_path / "summary.md").read_text()


def test_without_a_good_run_the_way_back_is_shown_too(programs: Path, tmp_path: Path) -> None:
    fake(programs, "gh", "")
    result = run(SCRIPTS / "go-back.sh", programs, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert "-f run=THE_ID_OF_A_GOOD_RUN" in result.stdout


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A project whose package has one file, an older one unpacked, and fake func tools that list the folder."""
    project = tmp_path / "project"
    (project / ".github/scripts").mkdir(parents=True)
    shutil.copy(SCRIPTS / "publish.sh", project / ".github/scripts")
    (project / "dist/egl-ml").mkdir(parents=True)
    (project / "dist/egl-ml/old.py").touch()
    (project / "new.py").touch()
    shutil.make_archive(str(project / "dist/egl-ml"), "zip", project, "new.py")
    environment = project / ".venv/bin"
    fake(environment, "npm", f"mkdir -p node_modules/.bin && cp '{environment}/func' node_modules/.bin/")
    fake(environment, "func", f"ls >>'{environment}/calls'")
    (environment / "python").symlink_to(sys.executable)
    (project / "tools/node").mkdir(parents=True)
    return project


def test_func_tools_are_installed_as_locked_and_publish_the_unpacked_package_unchanged(published: Path) -> None:
    result = run(published / ".github/scripts/publish.sh", published / ".venv/bin", AZURE_FUNCTION_APP_NAME="func-egl")
    assert (result.returncode, result.stderr) == (0, "")
    assert (published / ".venv/bin/calls").read_text().splitlines() == [
        "npm in node: ci --no-progress",
        "func in egl-ml: azure functionapp publish func-egl --python --no-build",
        "new.py",
    ]


def publish(project: Path) -> subprocess.CompletedProcess[str]:
    return run(project / ".github/scripts/publish.sh", project / ".venv/bin", AZURE_FUNCTION_APP_NAME="func-egl")


def calls(project: Path, program: str) -> list[str]:
    """Return the calls of a fake program, without its name."""
    lines = (project / ".venv/bin/calls").read_text().splitlines()
    return [line.partition(": ")[2] for line in lines if line.startswith(f"{program} in")]


FORBIDDEN = "Failed to upload because Azure Storage responded with Forbidden : 403 (This request is not authorized)"


@pytest.mark.parametrize(
    ("warning", "message"),
    [
        ('"Deployment was partially successful, Please check the printed logs.', "only partially successful"),
        ("Failed to retrieve deployment status, please visit https://egl/api/deployments", "Nobody knows how"),
    ],
)
def test_a_deployment_that_func_only_warns_of_fails(published: Path, warning: str, message: str) -> None:
    fake(published / ".venv/bin", "func", f"echo {shlex.quote(warning)}")
    result = publish(published)
    assert (result.returncode, result.stderr.startswith("::error::")) == (1, True)
    assert message in result.stderr
    assert warning in result.stdout


def test_an_upload_that_is_forbidden_until_the_role_works_is_repeated(published: Path) -> None:
    programs = published / ".venv/bin"
    fake(programs, "sleep", "")
    count = f"$(grep -c '^func' {programs}/calls)"
    fake(programs, "func", f"[ {count} -gt 2 ] && exit 0; echo '{FORBIDDEN}'; exit 1")
    result = publish(published)
    assert (result.returncode, result.stderr) == (0, "")
    assert len(calls(published, "func")) == 3
    assert calls(published, "sleep") == ["15", "30"]


def test_an_upload_that_stays_forbidden_fails_after_some_minutes(published: Path) -> None:
    programs = published / ".venv/bin"
    fake(programs, "sleep", "")
    fake(programs, "func", f"echo '{FORBIDDEN}'; exit 1")
    result = publish(published)
    assert result.returncode == 1
    assert "func tools could not publish" in result.stderr
    assert sum(map(int, calls(published, "sleep"))) == 225


def test_any_other_failure_of_func_is_final(published: Path) -> None:
    fake(published / ".venv/bin", "func", "echo 'The deployment failed, Please check the printed logs.'; exit 1")
    result = publish(published)
    assert result.returncode == 1
    assert len(calls(published, "func")) == 1


def test_without_a_function_app_nothing_is_published(published: Path) -> None:
    result = run(published / ".github/scripts/publish.sh", published / ".venv/bin")
    assert result.returncode != 0
    assert "AZURE_FUNCTION_APP_NAME: is not set: docs/deploy.md" in result.stderr


def test_func_tools_are_pinned() -> None:
    package = (ROOT / "tools/node/package.json").read_text("utf-8")
    lock = (ROOT / "tools/node/package-lock.json").read_text("utf-8")
    [version] = re.findall(r'"azure-functions-core-tools": "(\d+\.\d+\.\d+)"', package)
    assert re.search(rf'"node_modules/azure-functions-core-tools": {{\s+"version": "{re.escape(version)}"', lock)
    assert "resolved" not in lock
