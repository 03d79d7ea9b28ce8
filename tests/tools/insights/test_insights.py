import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tools.insights import child, main

ROOT = Path(__file__).parents[3]
PARENT = """
import sys, time
from tools.insights import child
with child.running({port}):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def port() -> int:
    """A port that was free just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def tool(port: int) -> Iterator[subprocess.Popen[str]]:
    """The tool in a separate process, once it listens."""
    command = [sys.executable, "-m", "tools", "insights", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Local Application Insights on http://localhost:{port}\n"
        yield process
        process.kill()


def has_ended(port: int) -> bool:
    """Wait until nothing listens on the port. Returns False when something still does."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_without_an_error(tool: subprocess.Popen[str], port: int, number: int) -> None:
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
    tool.send_signal(number)
    _, errors = tool.communicate(timeout=10)
    assert (tool.returncode, errors) == (0, "")


def test_a_taken_port_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        assert main(["--port", str(taken)]) == 1
        message, _, number = capsys.readouterr().err.rstrip("\n").rpartition(" ")
        assert message == f"Port {taken} is taken. This one is free: --port"
        socket.create_server(("127.0.0.1", int(number))).close()


def test_it_listens_on_this_machine_only(tool: subprocess.Popen[str], port: int) -> None:
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), 1)


def test_as_a_child_it_receives_telemetry_and_ends_with_the_block(port: int) -> None:
    with child.running(port) as connection:
        assert connection == child.connection_string(port)
        assert f"IngestionEndpoint=http://127.0.0.1:{port}/" in connection
        assert httpx.get(f"http://127.0.0.1:{port}/api/alerts").status_code == 200
    assert has_ended(port)


def test_it_ends_when_its_parent_is_killed(port: int) -> None:
    command = [sys.executable, "-c", PARENT.format(port=port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        parent.kill()
    assert has_ended(port)
