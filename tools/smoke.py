"""Asks a deployed service what it must answer: the front page, a login, and the model's golden examples.

The user's name is in SMOKE_USER and the password in SMOKE_PASSWORD; without the latter it is asked for, or read from a
line of standard input. Neither is an argument, which everybody on the machine could see. Needs nothing but a Python.
"""

import argparse
import getpass
import json
import math
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

LOCAL = ("localhost", "127.0.0.1", "::1")
TIMEOUT_SECONDS = 60.0  # a cold start fits in
PAUSE_SECONDS = 2.0
TOLERANCE = 1e-6  # another processor's arithmetic may differ in the last digits; another model differs before them
FORM = "application/x-www-form-urlencoded"
GOLDEN = (
    ("/predict", "predictions", "prediction"),
    ("/predict_class", "predictions", "class"),
    ("/predict_class", "probabilities", "probabilities"),
)
"""Path, member of its answer, and the member of a golden example that it must equal; the latter two where recorded."""


class SmokeError(Exception):
    """The service does not do what it must; the text says what it did instead."""


@dataclass(frozen=True)
class Answer:
    """What the service said."""

    status: int
    request_id: str
    """Only the service itself gives one."""
    body: bytes

    def members(self) -> Mapping[str, Any]:
        """The body's JSON object; an empty one for what is none, which is then found wanting."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Service:
    """A service at a base URL, and the token to ask it with."""

    url: str
    token: str = ""

    def ask(self, path: str, body: bytes | None = None, media_type: str = "application/json") -> Answer:
        """Get a path, or post a body to it. Raises SmokeError when nothing answers."""
        headers = {"Content-Type": media_type, "Authorization": f"Bearer {self.token}" if self.token else ""}
        told = {name: value for name, value in headers.items() if value}
        request = urllib.request.Request(self.url + path, body, told)  # noqa: S310 - http or https: see base_url
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return Answer(answer.status, answer.headers.get("X-Request-Id", ""), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get("X-Request-Id", ""), error.read())
        except OSError as error:
            raise SmokeError(f"{path} cannot be reached: {getattr(error, 'reason', error)}") from None

    def succeed(self, path: str, body: bytes | None = None, media_type: str = "application/json") -> Answer:
        """The same where nothing but a 200 will do. Raises SmokeError with the problem's title."""
        answer = self.ask(path, body, media_type)
        if answer.status != 200:
            said = answer.members()
            raise SmokeError(f"{path} answered {answer.status} {said.get('title') or said.get('error', '')}".rstrip())
        return answer


def main(argv: Sequence[str]) -> int:
    """Ask everything. Returns 0, 1 for a service that fails, or 2 for a wrong command line (by SystemExit)."""
    parser = argparse.ArgumentParser(prog="python -m tools smoke", description=__doc__)
    parser.add_argument("url", type=base_url, help="the service's base URL: https, or http on this machine")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="how long it may take to be ready")
    given = parser.parse_args(argv)
    user, password = os.environ.get("SMOKE_USER", ""), os.environ.get("SMOKE_PASSWORD") or asked()
    try:
        for line in smoke(Service(given.url), user, password, given.wait):
            print(f"ok      {line}", flush=True)
    except SmokeError as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    return 0


def base_url(given: str) -> str:
    """A URL without the slash at its end. Raises ArgumentTypeError where a password would go unencrypted."""
    parts = urlsplit(given)
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in LOCAL):
        raise argparse.ArgumentTypeError("must begin with https://, or be http://localhost")
    return given.rstrip("/")


def asked() -> str:
    """A password that nobody sees, or the first line of standard input."""
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def smoke(service: Service, user: str, password: str, wait: float = 0) -> Iterator[str]:
    """Ask for one thing after the other; yields what was found right. Raises SmokeError for the first that was not."""
    yield f"/health/ready: {ready(service, wait)}"
    yield f"/: {front_page(service)}"
    bearer = replace(service, token=login(service, user, password))
    yield f"/token: {user} is logged in"
    manifest = service.succeed("/model").members()
    yield f"/model: {manifest.get('name')} {manifest.get('version')}"
    for path, member, recorded in GOLDEN:
        examples = [each for each in manifest.get("examples", []) if recorded in each]
        if examples or path == "/predict":
            yield f"{path}: {replayed(bearer, path, examples, member, recorded)}"


def ready(service: Service, wait: float) -> str:
    """The state that the service gives itself, once it takes traffic. Raises SmokeError when that takes too long."""
    end = time.monotonic() + wait
    while True:
        try:
            state = service.succeed("/health/ready").members()
            return " ".join([state.get("status", ""), *state.get("reasons", [])])
        except SmokeError:
            if time.monotonic() + PAUSE_SECONDS > end:
                raise
        time.sleep(PAUSE_SECONDS)


def front_page(service: Service) -> str:
    """Hold that the front page is the service's: where that route is lost, Azure shows one of its own, with 200."""
    answer = service.succeed("/")
    if not answer.request_id:
        raise SmokeError("/ is not the service's page")
    return "the front page"


def login(service: Service, user: str, password: str) -> str:
    """A token for the user. Raises SmokeError."""
    form = urlencode({"grant_type": "password", "username": user, "password": password}).encode()
    token = service.succeed("/token", form, FORM).members().get("access_token")
    if not token:
        raise SmokeError("/token answered without a token")
    return str(token)


def replayed(service: Service, path: str, examples: Sequence[Any], member: str, recorded: str) -> str:
    """Ask for golden examples, and hold the answer's `member` against what each has `recorded`. Raises SmokeError."""
    body = json.dumps({"instances": [example["instance"] for example in examples]}).encode()
    given = service.succeed(path, body).members().get(member) or []
    if not examples or len(given) != len(examples):
        raise SmokeError(f"{path} answered {len(given)} {member} for {len(examples)} golden examples")
    for example, value in zip(examples, given, strict=True):
        if not same(example[recorded], value):
            raise SmokeError(f"{path} answered {value!r} where the manifest has {example[recorded]!r}")
    return f"{member} of {len(examples)} golden examples"


def same(recorded: Any, given: Any) -> bool:
    """Whether an answer is what was recorded: numbers nearly, objects member by member, all else exactly."""
    if isinstance(recorded, dict):
        return isinstance(given, dict) and all(same(recorded[name], given.get(name)) for name in recorded)
    if isinstance(recorded, float) and isinstance(given, int | float):
        return math.isclose(recorded, given, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(recorded == given)
