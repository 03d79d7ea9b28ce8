"""Test a deployed service: the front page, a login, and the model's golden examples.

With --package the service must serve that very package: its build, its model, and its golden examples. While instances
are replaced, some still serve the old one, so that thirty connections in a row must lead to the new one.

SMOKE_USER is the user's name and SMOKE_PASSWORD the password. Without SMOKE_PASSWORD the tool prompts for it, or reads
a line of standard input. Neither is an argument, which everybody on the machine could see. It needs only Python.
"""

import argparse
import getpass
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tools.smoke.client import Client as Client
from tools.smoke.client import SmokeError as SmokeError
from tools.smoke.waiting import Released, read, wait_until_ready, wait_until_released

LOCAL = ("localhost", "127.0.0.1", "::1")
TOLERANCE = 1e-6  # another processor may compute other last digits; another model differs by more
FORM = "application/x-www-form-urlencoded"
GOLDEN = (
    ("/predict", "predictions", "prediction"),
    ("/predict_class", "predictions", "class"),
    ("/predict_class", "probabilities", "probabilities"),
)
"""Path, member of its response, and the member of a golden example that must be equal. The latter two are optional."""


def main(argv: Sequence[str]) -> int:
    """Run all checks. Returns 0, 1 for a service that fails, or 2 for a wrong command line (by SystemExit)."""
    parser = argparse.ArgumentParser(prog="./egl smoke", description=__doc__)
    parser.add_argument("url", type=base_url, help="the service's base URL: https, or http on this machine")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="how long to wait until it is ready")
    parser.add_argument("--package", type=Path, metavar="ZIP", help="the package that it must serve: dist/egl-ml.zip")
    options = parser.parse_args(argv)
    user, password = os.environ.get("SMOKE_USER", ""), os.environ.get("SMOKE_PASSWORD") or read_password()
    try:
        released = read(options.package) if options.package else None
        for line in run_checks(Client(options.url), user, password, options.wait, released):
            print(f"ok      {line}", flush=True)
    except SmokeError as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return 1
    return 0


def base_url(url: str) -> str:
    """Return the URL without a slash at its end. Raises ArgumentTypeError if the password would be unencrypted."""
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in LOCAL):
        raise argparse.ArgumentTypeError("must begin with https://, or be http://localhost")
    return url.rstrip("/")


def read_password() -> str:
    """Read a password from the terminal without echo, or from the first line of standard input."""
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def run_checks(
    client: Client, user: str, password: str, wait: float = 0, released: Released | None = None
) -> Iterator[str]:
    """Run one check after the other, and yield a line for each that passed. Raises SmokeError for the first failure."""
    end = time.monotonic() + wait
    yield f"/health/ready: {wait_until_ready(client, wait)}"
    if released:
        yield f"/health/ready: {wait_until_released(client, released, end)}"
    check_front_page(client)
    yield "/: the front page"
    with_token = replace(client, token=login(client, user, password))
    yield f"/token: {user} is logged in"
    served = client.require_ok("/model").members()
    yield f"/model: {served.get('name')} {served.get('version')}"
    manifest = released.manifest if released else served
    for path, member, recorded in GOLDEN:
        examples = [example for example in manifest.get("examples", []) if recorded in example]
        if examples or path == "/predict":
            check_examples(with_token, path, examples, member, recorded)
            yield f"{path}: {member} of {len(examples)} golden examples"


def check_front_page(client: Client) -> None:
    """Raise SmokeError unless the front page is the service's: without that route Azure shows one of its own."""
    if not client.require_ok("/").request_id:
        raise SmokeError("/ is not the service's page")


def login(client: Client, user: str, password: str) -> str:
    """Return a token for the user. Raises SmokeError."""
    form = urlencode({"grant_type": "password", "username": user, "password": password}).encode()
    token = client.require_ok("/token", form, FORM).members().get("access_token")
    if not token:
        raise SmokeError("/token returned no token")
    return str(token)


def check_examples(client: Client, path: str, examples: Sequence[Any], member: str, recorded: str) -> None:
    """Request golden examples, and compare the response's `member` with `recorded` of each. Raises SmokeError."""
    body = json.dumps({"instances": [example["instance"] for example in examples]}).encode()
    values = client.require_ok(path, body).members().get(member) or []
    if not examples or len(values) != len(examples):
        raise SmokeError(f"{path} returned {len(values)} {member} for {len(examples)} golden examples")
    for example, value in zip(examples, values, strict=True):
        if not equal(example[recorded], value):
            raise SmokeError(f"{path} returned {value!r} where the manifest has {example[recorded]!r}")


def equal(recorded: Any, value: Any) -> bool:
    """Compare a value with the recorded one: numbers nearly, objects member by member, everything else exactly."""
    if isinstance(recorded, dict):
        return isinstance(value, dict) and all(equal(recorded[name], value.get(name)) for name in recorded)
    if isinstance(recorded, float) and isinstance(value, int | float):
        return math.isclose(recorded, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(recorded == value)
