"""Starts a subject: its command with this machine's places in it, its settings, its ports and its token."""

import json
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import jwt
from shared.manifest import APP

from bench import load, serve
from bench.compare.client import Address, Request
from bench.compare.environments import Environment
from bench.compare.process import Command, Process, running
from bench.compare.subjects import Bearer, Server, Subject
from shared.settings import DEMO_HASH

TOKEN_SECONDS = 86_400
LEFT_OUT = ("PYTHON", "VIRTUAL_ENV", "UV_", "PIP_")
"""Beginnings of variables that would change how a subject starts: PYTHONDONTWRITEBYTECODE makes every start compile."""


@dataclass(frozen=True)
class Run:
    """What all measurements of a run share."""

    seconds: float
    """Of each measurement."""
    key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def settings(self) -> Mapping[str, str]:
        """What every subject is told; each reads what it knows."""
        return {
            "MODEL": str(APP / "model/slr.joblib"),
            "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
            "TOKEN_KEY": self.key,
            "TOKEN_LIFETIME_SECONDS": str(TOKEN_SECONDS),
            "APPLICATIONINSIGHTS_CONNECTION_STRING": "",  # telemetry goes to the console, as in a fresh install
            "USERS": json.dumps({"abi": DEMO_HASH}),
        }

    def token(self, server: Server, url: str) -> str:
        """What the server wants to see. It is made once, so that no login is measured."""
        if server.name not in self.tokens:
            claims = {"sub": "abi", "exp": int(time.time()) + TOKEN_SECONDS}
            match server.bearer:
                case Bearer.NONE:
                    self.tokens[server.name] = ""
                case Bearer.SIGNED:
                    self.tokens[server.name] = jwt.encode(claims, self.key, "HS256")
                case Bearer.LOGIN:
                    self.tokens[server.name] = serve.login(url)
        return self.tokens[server.name]


@dataclass(frozen=True)
class Launch:
    """A subject that is about to start, at places of its own."""

    subject: Subject
    environment: Environment
    run: Run
    ports: Sequence[int]

    @property
    def address(self) -> Address:
        """Where it will listen."""
        return "127.0.0.1", self.ports[0]

    @property
    def url(self) -> str:
        """The same for a client of HTTP."""
        return f"http://127.0.0.1:{self.ports[0]}"

    def filled(self, text: str) -> str:
        """A text of the catalogue with this launch's places in it."""
        return text.format(
            python=self.environment.programs / "python",
            bin=self.environment.programs,
            environment=self.environment.folder,
            folder=self.environment.sources,
            app=APP,
            port=self.ports[0],
            grpc=self.ports[1],
            metrics=self.ports[2],
            seconds=self.run.seconds,
        )

    def command(self, parts: Sequence[str]) -> Sequence[str]:
        """What is started."""
        return [self.filled(part) for part in parts]

    def environ(self) -> Mapping[str, str]:
        """Its variables: this process's, less what would change its start, and its settings."""
        own = self.subject.settings if isinstance(self.subject, Server) else {}
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)},
            "PATH": f"{self.environment.programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.environment.sources),
            "HOME": str(self.scratch),  # some write there
            **self.run.settings(),
            **{name: self.filled(value) for name, value in own.items()},
        }

    @property
    def scratch(self) -> Path:
        """The folder it runs in."""
        folder = self.environment.folder / "scratch"
        folder.mkdir(exist_ok=True)
        return folder

    def request(self, server: Server, rows: int = 1) -> Request:
        """What the server is asked that is this launch's subject."""
        return load.post(f"{self.url}{server.path}", server.format.body(rows), self.run.token(server, self.url))

    @contextmanager
    def started(self, seconds: float, said: IO[str], *, core: int | None) -> Iterator[Process]:
        """The running subject, for at most so long."""
        command = Command(self.command(self.subject.command), self.environ(), self.scratch)
        with running(command, seconds, core=core, said=said) as process:
            yield process


def launch(subject: Subject, environment: Environment, run: Run) -> Launch:
    """A subject with ports that are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        return Launch(subject, environment, run, [each.getsockname()[1] for each in sockets])
