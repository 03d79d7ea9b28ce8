"""What a newcomer reads is true of the app that runs."""

import json
import shutil
import subprocess

import pytest

from tests.tools.host.process import NO_PREFIX, Start, source

FILES = {
    "host.json": NO_PREFIX,
    "local.settings.json": json.dumps({"Values": {"USERS": '{"abi": "hash"}', "MODEL_MANIFEST": "manifest.json"}}),
    "manifest.json": json.dumps({"examples": [{"instance": {"bmi": 0.0617, "it's": "ü"}}]}),
}


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="the lines are for bash with curl")
def test_the_commands_of_the_banner_work_when_pasted(start: Start) -> None:
    host = start(source("login"), files=FILES).ready()
    commands = [line for line in host.banner.splitlines() if "curl" in line]
    assert len(commands) == 2
    said = subprocess.run(["bash", "-c", "\n".join(commands)], capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == {"bearer": "Bearer abi:password", "body": {"instances": [{"bmi": 0.0617, "it's": "ü"}]}}


def test_the_banner_names_the_pages_that_the_app_has(start: Start) -> None:
    host = start(source("login"), files={"host.json": NO_PREFIX}).ready()
    url = host.url.replace("127.0.0.1", "localhost")
    assert host.banner == f"Serving on {url}\n  {url}/docs\nCtrl-C stops it.\n"


def test_nobody_is_offered_the_demo_user_in_production(start: Start) -> None:
    host = start(source("login"), files=FILES, AZURE_FUNCTIONS_ENVIRONMENT="Production").ready()
    assert "abi" not in host.banner


def test_without_a_manifest_the_banner_has_no_commands(start: Start) -> None:
    host = start(source("login"), files=FILES, MODEL_MANIFEST="none.json").ready()
    assert "abi / password" in host.banner
    assert "curl" not in host.banner
