"""The traffic tool: what it sends, its summary, and its errors."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.services import PROJECT, Service, serving
from tools.traffic import TrafficError, check_url, demo_passwords, main, read_passwords, show_bar, summary
from tools.traffic.send import Tally

USERS = json.dumps({"abi": DEMO_HASH, "ben": DEMO_HASH})


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The service with the deployed model and two demo users."""
    settings = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "TOKEN_KEY": KEY, "USERS": USERS}
    with serving(settings) as running:
        yield running


@pytest.fixture(autouse=True)
def demo_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two demo users in the environment."""
    monkeypatch.setenv("USERS", USERS)
    monkeypatch.setenv("AZURE_FUNCTIONS_ENVIRONMENT", "Development")


def test_traffic_of_several_users_is_sent_and_the_responses_are_counted(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--url", service.url, "--minutes", "0.02", "--rps", "100"], tmp_path) == 0
    output = capsys.readouterr().out
    assert re.search(r"predictions +200 +\d+", output)
    assert not re.search(r" 5\d\d ", output)
    assert "p95" in output


def test_ctrl_c_ends_it_with_the_summary_of_what_was_sent(service: Service) -> None:
    command = [sys.executable, "-m", "tools", "traffic", "--url", service.url]
    known = len(service.lines)
    running = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with running:
        last_login = "login succeeded for ben"
        while running.poll() is None and not any(last_login in line for line in service.lines[known:]):
            time.sleep(0.01)
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (0, "\nStopped.\n")
    assert re.search(r"\d+ requests:\n", output)
    assert "p95" in output


@pytest.mark.parametrize("url", ["https://example.azurewebsites.net", "http://192.168.0.7:7071", "http://[::2]"])
def test_another_machine_needs_an_option(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", url]) == 1
    assert "--anywhere" in capsys.readouterr().err
    check_url(url, anywhere=True)


def test_a_service_that_does_not_respond_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:9", "--minutes", "0.01"], tmp_path) == 1
    message = "http://127.0.0.1:9 does not return its model. Start the service: make run\n"
    assert capsys.readouterr().err == message


def test_a_user_with_another_password_is_named(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "users.json").write_text('{"abi": "not hers"}')
    assert main(["--url", service.url, "--users", str(tmp_path / "users.json")]) == 1
    assert capsys.readouterr().err == f"abi cannot log in at {service.url}.\n"


def test_without_demo_users_a_file_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERS", "{}")
    with pytest.raises(TrafficError, match="--users FILE"):
        demo_passwords(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"abi": 1}'])
def test_a_file_of_another_form_is_refused_without_its_content(tmp_path: Path, text: str) -> None:
    (tmp_path / "users.json").write_text(text)
    with pytest.raises(TrafficError, match=r"users\.json must be a JSON object, name → password\.$"):
        read_passwords(tmp_path / "users.json")


def test_the_summary_has_a_line_for_every_kind_and_status() -> None:
    tally = Tally(milliseconds=[1.0] * 50 + [9.0] * 50)
    tally.responses.update({("predictions", "200"): 1200, ("not JSON", "400"): 7})
    assert summary(tally).splitlines()[:3] == [
        "1,207 requests:",
        "  not JSON     400        7",
        "  predictions  200    1,200",
    ]


def test_the_progress_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_bar(0.5, Tally())
    assert capsys.readouterr().err == f"\r{'█' * 15}{'░' * 15}  50%  0 responses"
