"""Run the local Application Insights as a child process of another tool, and end it with that tool."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tools.insights import PORT, InsightsError, listen

ROOT = Path(__file__).parent.parent.parent
KEY = "10ca1000-0000-4000-8000-000000000000"
"""The instrumentation key. Any UUID works; this one looks like `local`."""
START_SECONDS = 10.0
END_SECONDS = 5.0


@contextmanager
def running(port: int = PORT) -> Iterator[str]:
    """Run it during the block, and yield the connection string that sends telemetry to it.

    Leave the block only when all telemetry is sent. When this process is killed, the pipe to the child closes and the
    child ends too. Ctrl-C in the terminal does not reach the child, so the caller's last telemetry still arrives.
    Raises InsightsError when the port is taken or it does not start.
    """
    listen(port).close()
    child = subprocess.Popen(
        [sys.executable, "-m", "tools", "insights", "--port", str(port), "--child"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        wait_until_ready(child, port)
        yield connection_string(port)
    finally:
        end(child)


def connection_string(port: int = PORT) -> str:
    """Return the value of APPLICATIONINSIGHTS_CONNECTION_STRING that sends telemetry here."""
    return f"InstrumentationKey={KEY};IngestionEndpoint=http://127.0.0.1:{port}/"


def wait_until_ready(child: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the child responds. Raises InsightsError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            urlopen(f"http://127.0.0.1:{port}/", timeout=1).close()
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise InsightsError("The local Application Insights did not start.")


def end(child: subprocess.Popen[bytes]) -> None:
    """End the child by closing its pipe; kill it when that takes too long."""
    if child.stdin:
        child.stdin.close()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
