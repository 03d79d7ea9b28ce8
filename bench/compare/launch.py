"""Install a subject with uv under .cache/compare, and start it with its settings, its ports and its token."""

import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from bench.compare.catalogue import TOKEN_SECONDS, Server, Subject
from bench.compare.models import LINEAR
from bench.connection import request
from bench.launch import Process, running
from shared.model.manifest import APP
from shared.settings import DEMO_HASH
from tools.bootstrap import BootstrapError, fetch_uv, find_uv

PEERS = Path(__file__).parent / "peers"
CACHE = APP / ".cache/compare"
FRAMES = "frames"
"""The environment of pandas, which the peers see only where they need it."""
INSTALL_SECONDS = 900
INCLUDED = re.compile(r"^-[rc] +(\S+)", re.MULTILINE)
PACKAGE = re.compile(r"^([A-Za-z0-9][\w.-]*)", re.MULTILINE)
ALWAYS_SHOWN = ("scikit-learn", "numpy", "joblib", "pandas", "lightgbm", "onnxruntime", "msgspec", "pydantic")
"""Packages whose versions are printed besides those that a peer requires itself."""
EXCEPTION = re.compile(r"[\w.]*(Error|Exception): .")
KEY = secrets.token_hex(32)
SETTINGS = {
    "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
    "TOKEN_KEY": KEY,
    "TOKEN_LIFETIME_SECONDS": str(TOKEN_SECONDS),
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "",  # telemetry goes to the console, as in a fresh install
    "USERS": json.dumps({"abi": DEMO_HASH}),
}
"""Of all subjects; each reads those that it knows."""
REMOVED = ("PYTHON", "VIRTUAL_ENV", "UV_", "PIP_")
"""Beginnings of variables that would change how a subject starts: PYTHONDONTWRITEBYTECODE makes every start compile."""


class Failed(Exception):
    """A subject cannot be installed, does not start or responds wrongly. The text is the reason, in one line."""


def install(name: str) -> None:
    """Install exactly the requirements of a peer, unless they are installed. Raises Failed."""
    requirements, folder = PEERS / name / "requirements.txt", CACHE / name
    installed, key = folder / ".requirements", requirements_key(requirements)
    if installed.exists() and installed.read_text(encoding="utf-8") == key:
        return
    print(f"Installing {name}…", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    uv("venv", "--python", (APP / ".python-version").read_text(encoding="utf-8").strip(), str(folder))
    # Copies, not links: files that other environments use, too, would count as shared memory.
    options = ["--compile-bytecode", "--link-mode", "copy", "--python", str(folder)]
    options += ["--no-deps"] if name == FRAMES else []  # the peers have numpy
    uv("pip", "install", *options, "--requirement", str(requirements))
    installed.write_text(key, encoding="utf-8")


def needs_frames(subject: Subject) -> bool:
    """Return true if a subject serves a model that was fitted on a data frame."""
    return isinstance(subject, Server) and subject.model.frame


def megabytes(name: str) -> float:
    """Return the size of a peer's packages with their byte code. Python itself is elsewhere, and the same for all."""
    return sum(path.stat().st_size for path in (CACHE / name / "lib").rglob("*") if path.is_file()) / 1_000_000


def packages(name: str) -> Sequence[str]:
    """Return a peer's own requirements, and the packages that matter in all of them, with their versions."""
    listed = json.loads(uv("pip", "list", "--format", "json", "--python", str(CACHE / name)))
    own = PACKAGE.findall((PEERS / name / "requirements.txt").read_text(encoding="utf-8").lower())
    return [f"{entry['name']} {entry['version']}" for entry in listed if entry["name"].lower() in {*ALWAYS_SHOWN, *own}]


def requirements_key(requirements: Path) -> str:
    """Return a text that changes with the requirements and the files that they include."""
    text = requirements.read_text(encoding="utf-8")
    included = [requirements_key(requirements.parent / name) for name in INCLUDED.findall(text)]
    return hashlib.sha256("".join([text, *included]).encode()).hexdigest()


def uv(*arguments: str) -> str:
    """Run uv and return its output. Raises Failed, with its error."""
    try:
        return output_of([find_uv() or fetch_uv(), "--quiet", *arguments], INSTALL_SECONDS, cwd=APP)
    except BootstrapError as error:
        raise Failed(str(error)) from None


def output_of(command: Sequence[str], seconds: float, **options: Any) -> str:
    """Run a program to its end and return its output. Raises Failed, with the reason that it printed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True, **options)
        return str(done.stdout)
    except subprocess.CalledProcessError as error:
        raise Failed(
            f"{Path(command[0]).name} ended with exit code {error.returncode}: {reason(error.stderr)}"
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None


def reason(output: str) -> str:
    """Return Python's last exception in a program's output, or uv's first error with its cause, or the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    exceptions = [line for line in lines if EXCEPTION.match(line)]
    errors = [line for line in lines if line.startswith(("error: ", "cause: "))]
    return " ".join(exceptions[-1:] or errors[:2] or lines[-1:] or ["there is no output"])


def free_ports() -> Sequence[int]:
    """Return three ports that are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        return [opened.getsockname()[1] for opened in sockets]


@dataclass(frozen=True)
class Launch:
    """A subject that is about to start, with its own ports."""

    subject: Subject
    seconds: float
    """Of each measurement."""
    ports: Sequence[int] = field(default_factory=free_ports)

    @property
    def folder(self) -> Path:
        """The subject's environment."""
        return CACHE / self.subject.environment

    @property
    def scratch(self) -> Path:
        """A folder that the subject may write to."""
        return self.folder / "scratch"

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def fill(self, text: str) -> str:
        """Return a text of the catalogue with this launch's values."""
        folder, (port, grpc, metrics) = self.folder, self.ports
        paths = {"python": folder / "bin/python", "bin": folder / "bin", "environment": folder, "app": APP}
        numbers = {"port": port, "grpc": grpc, "metrics": metrics, "seconds": self.seconds}
        return text.format(**paths, **numbers, folder=PEERS / self.subject.environment, scratch=self.scratch)

    def options(self) -> Mapping[str, Any]:
        """Return the folder to run in, and this process's variables without REMOVED, with the subject's settings."""
        self.scratch.mkdir(exist_ok=True)
        sources = [PEERS / self.subject.environment, PEERS / "models"]
        sources += CACHE.glob(f"{FRAMES}/lib/python*/site-packages") if needs_frames(self.subject) else []
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(REMOVED)},
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, sources)),
            "HOME": str(self.scratch),  # some write there
            **SETTINGS,
            **self.settings(),
        }
        return {"cwd": self.scratch, "env": environ}

    def settings(self) -> Mapping[str, str]:
        """Return the subject's own settings, and those of the model that it serves."""
        server = self.subject if isinstance(self.subject, Server) else None
        model = server.model if server else LINEAR
        files = {"MODEL": f"{model.folder}/slr.joblib", "MODEL_MANIFEST": f"{model.folder}/slr.json"}
        own = {name: self.fill(value) for name, value in (server.settings if server else {}).items()}
        return {"MODEL_NAME": model.name, **files, **own}

    def request(self, server: Server, rows: int = 1) -> bytes:
        """Return a request for predictions of so many rows. The token is issued here: no login is measured."""
        token = server.token(KEY)
        return request("POST", server.path, server.format.body(server.model, rows), f"Bearer {token}" if token else "")

    @contextmanager
    def start(self, *, core: int | None = None, output: IO[str] | int = subprocess.DEVNULL) -> Iterator[Process]:
        """Run the subject on one core, or on all for None."""
        command = [self.fill(part) for part in self.subject.command]
        with running(command, core=core, stdout=output, stderr=output, **self.options()) as process:
            yield process

    def complete(self, command: Sequence[str], seconds: float) -> str:
        """Run a command of the subject to its end, and return its output. Raises Failed."""
        return output_of([self.fill(part) for part in command], seconds, **self.options())
