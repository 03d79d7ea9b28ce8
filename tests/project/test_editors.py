"""The files for an editor: what they start exists, and what they forward is what listens."""

import importlib.util
import json
import re
from pathlib import Path

from tools import host, insights

ROOT = Path(__file__).parents[2]
LAUNCH = json.loads((ROOT / ".vscode/launch.json").read_text())
CONTAINER = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())


def test_what_is_started_under_the_debugger_exists() -> None:
    modules = [started["module"] for started in LAUNCH["configurations"] if started["request"] == "launch"]
    assert modules == ["tools", "pytest"]
    assert all(importlib.util.find_spec(module) for module in modules)


def test_a_task_that_is_needed_before_is_defined() -> None:
    labels = {task["label"] for task in json.loads((ROOT / ".vscode/tasks.json").read_text())["tasks"]}
    needed = {started["preLaunchTask"] for started in LAUNCH["configurations"] if "preLaunchTask" in started}
    assert needed == labels


def test_the_container_has_the_project_s_python_and_its_ports() -> None:
    assert CONTAINER["image"].endswith(f":{(ROOT / '.python-version').read_text().strip()}")
    assert CONTAINER["forwardPorts"] == [host.PORT, insights.PORT]


def test_the_container_is_prepared_by_a_target_of_the_makefile() -> None:
    target = CONTAINER["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_both_editors_files_recommend_the_same_extensions() -> None:
    recommended = json.loads((ROOT / ".vscode/extensions.json").read_text())["recommendations"]
    assert CONTAINER["customizations"]["vscode"]["extensions"] == recommended
