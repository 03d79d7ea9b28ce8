"""The mix of requests, and the right response to each.

The rows are the manifest's golden examples, whose results were recorded when the model was adopted. In a batch each row
is a random one of them, so that rows in a wrong order would be noticed.
"""

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.connection import FORM, JSON, request
from bench.launch import CREDENTIALS
from shared.model.manifest import Example, Instance, Manifest

SIZES = {10: 4.0, 100: 3.0, 1_000: 2.0, 10_000: 0.5}
"""Rows of a batch → its weight, beside 100 for predictions of one row."""
ONE_ROW = {"predict": "predict, 1 row", "classify": "classify, 1 row"}
BEARER = "Bearer {token}"
MAX_BYTES_SHOWN = 200  # of a response
TOLERANCE = 1e-9  # relative: that of the golden examples

type Check = Callable[[bytes], bool]
"""Returns whether the body of a response is right."""


class Predictions(msgspec.Struct):
    """The members of a response that are checked."""

    predictions: list[Any]
    values: list[Any] = []


@dataclass(frozen=True)
class Expected:
    """A request and the response to expect."""

    name: str
    method: str
    path: str
    status: int
    check: Check
    authorization: str = ""
    body: bytes = b""
    media_type: str = JSON

    def content(self, token: str) -> bytes:
        """Return the request's bytes, for a client with this token."""
        return request(self.method, self.path, self.body, self.authorization.format(token=token), self.media_type)

    def failure(self, status: int, body: bytes) -> str:
        """Return what is wrong with a response, or an empty text."""
        if status != self.status:
            return f"status {status} instead of {self.status}: {body[:MAX_BYTES_SHOWN]!r}"
        try:
            return "" if self.check(body) else f"wrong response: {body[:MAX_BYTES_SHOWN]!r}"
        except msgspec.MsgspecError as error:
            return f"unreadable response ({error}): {body[:MAX_BYTES_SHOWN]!r}"


LOGIN = Expected("login", "POST", "/token", 200, lambda body: b'"access_token"' in body, "", CREDENTIALS, FORM)


@dataclass(frozen=True)
class Mix:
    """Requests with their weights."""

    requests: Sequence[Expected]
    weights: Sequence[float]

    @classmethod
    def of(cls, manifest: Manifest, content: bytes, seed: int = 1) -> "Mix":
        """Return the mix for a service with this manifest; `content` is the manifest's file."""
        dice = random.Random(seed)
        weights, requests = zip(*_predictions(manifest, dice), *_others(manifest, content), strict=True)
        return cls(requests, weights)

    def draw(self, dice: random.Random) -> Expected:
        """Return a random one, by weight."""
        return dice.choices(self.requests, self.weights)[0]

    @property
    def largest(self) -> Expected:
        """The one with the longest body."""
        return max(self.requests, key=lambda expected: len(expected.body))


def _predictions(manifest: Manifest, dice: random.Random) -> Iterator[tuple[float, Expected]]:
    """Yield single rows and batches, a third of them for classes where there are any."""
    single = [(100 / len(manifest.examples), [example]) for example in manifest.examples]
    batches = [(weight, dice.choices(manifest.examples, k=size)) for size, weight in SIZES.items()]
    for weight, rows in [*single, *batches]:
        yield weight * 2 / 3, predict(rows)
        if manifest.output.classes:
            yield weight / 3, predict_class(manifest, rows)


def _others(manifest: Manifest, content: bytes) -> Iterator[tuple[float, Expected]]:
    """Yield reads, and requests that must be refused."""
    yield 4, Expected("model", "GET", "/model", 200, content.__eq__)
    yield 4, Expected("ready", "GET", "/health/ready", 200, b'{"status":"ready"}'.__eq__)
    yield 1, Expected("openapi", "GET", "/openapi.json", 200, lambda body: body.startswith(b'{"openapi":"3.1'))
    row = manifest.examples[0].instance
    body, unknown = _body([row]), _body([{**row, "no such feature": 1}])
    yield 2, _refused("unknown feature", 422, "invalid-instances", BEARER, unknown)
    yield 2, _refused("no token", 401, "unauthorized", "", body)
    yield 2, _refused("wrong token", 401, "invalid-token", "Bearer not.a.token", body)
    yield 1, _refused("half a body", 400, "malformed-json", BEARER, body[:-2])


def _refused(name: str, status: int, problem: str, authorization: str, body: bytes) -> Expected:
    type_ = f"/problems/{problem}".encode()
    return Expected(name, "POST", "/predict", status, lambda response: type_ in response, authorization, body)


def predict(rows: Sequence[Example]) -> Expected:
    """Return a request for predictions of these rows."""
    return _expected("predict", "/predict", rows, Predictions([row.prediction for row in rows]))


def predict_class(manifest: Manifest, rows: Sequence[Example]) -> Expected:
    """Return a request for classes of these rows: a regressor's with its values; a classifier's are its predictions."""
    values: list[Any] = [row.prediction for row in rows]
    classes = Predictions([row.class_ for row in rows], values) if manifest.kind == "regressor" else Predictions(values)
    return _expected("classify", "/predict_class", rows, classes)


def _expected(kind: str, path: str, rows: Sequence[Example], expected: Predictions) -> Expected:
    name = f"{kind}, {len(rows):,} rows" if len(rows) > 1 else ONE_ROW[kind]
    decode = msgspec.json.Decoder(Predictions).decode

    def check(body: bytes) -> bool:
        response = decode(body)
        return _near(response.predictions, expected.predictions) and _near(response.values, expected.values)

    return Expected(name, "POST", path, 200, check, BEARER, _body([row.instance for row in rows]))


def _near(values: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Return whether the values are equal, or the same number of numbers that differ by rounding only."""
    if values == expected or len(values) != len(expected):
        return values == expected
    numbers = all(isinstance(value, float) for value in (*values, *expected))
    return numbers and all(math.isclose(*pair, rel_tol=TOLERANCE) for pair in zip(values, expected, strict=True))


def _body(instances: Sequence[Instance]) -> bytes:
    return json.dumps({"instances": instances}).encode()
