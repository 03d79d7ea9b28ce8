"""The workflow's shell scripts, with fake programs first on PATH: going back, and publishing."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / ".github/scripts"
GOOD_RUN = ".github/workflows/deploy.yml push main success"


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
