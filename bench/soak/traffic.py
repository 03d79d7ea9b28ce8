"""What the clients ask for, how often, and what a right answer to it is.

The rows are the manifest's golden examples, whose answers were recorded when the model was adopted. In a batch each
place has an example of its own choice, so that rows that were mixed up would be noticed.
"""

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from shared.manifest import Example, Instance, Manifest

SIZES = {10: 4.0, 100: 3.0, 1_000: 2.0, 10_000: 0.5}
"""Rows of a batch → how often it is asked for, beside 100 predictions of one row."""
ONE_ROW = {"predict": "predict, 1 row", "classify": "classify, 1 row"}
OWN, WRONG, NONE = "Bearer {token}", "Bearer not.a.token", ""
MOST_SHOWN = 200  # bytes of an answer
NEAR = 1e-9  # relative: what the golden examples are held to

type Check = Callable[[bytes], bool]
"""Whether the body of an answer is right."""


class Predictions(msgspec.Struct):
    """An answer, as far as it is checked."""

    predictions: list[Any]
    values: list[Any] = []


@dataclass(frozen=True)
class Asked:
    """A request and the answer to expect."""

    name: str
    method: str
    path: str
    status: int
    check: Check
    authorization: str = NONE
    body: bytes = b""
    media_type: str = "application/json"

    def content(self, token: str) -> bytes:
        """The request's bytes, for a client with this token."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost"]
        if self.authorization:
            lines.append(f"Authorization: {self.authorization.format(token=token)}")
        if self.body:
            lines += [f"Content-Type: {self.media_type}", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "\r\n"]).encode() + self.body

    def wrong(self, status: int, body: bytes) -> str:
        """What is wrong with an answer; empty when nothing is."""
        if status != self.status:
            return f"answered {status} in place of {self.status}: {body[:MOST_SHOWN]!r}"
        try:
            return "" if self.check(body) else f"a wrong answer: {body[:MOST_SHOWN]!r}"
        except (msgspec.MsgspecError, ValueError, LookupError) as error:
            return f"an answer that cannot be read ({error}): {body[:MOST_SHOWN]!r}"


@dataclass(frozen=True)
class Mix:
    """Requests by how often they are asked for."""

    asked: Sequence[Asked]
    weights: Sequence[float]

    def draw(self, chance: random.Random) -> Asked:
        """One of them."""
        return chance.choices(self.asked, self.weights)[0]

    @property
    def largest(self) -> Asked:
        """The one with the longest body."""
        return max(self.asked, key=lambda asked: len(asked.body))


LOGIN = Asked(
    "login",
    "POST",
    "/token",
    200,
    lambda body: bool(json.loads(body)["access_token"]),
    body=b"grant_type=password&username=abi&password=password",
    media_type="application/x-www-form-urlencoded",
)


def mix(manifest: Manifest, content: bytes, seed: int = 1) -> Mix:
    """Everything that is asked of a service with this manifest; `content` is the manifest as its file has it."""
    weighted = [*_single(manifest), *_batches(manifest, random.Random(seed)), *_reads(content), *_bad(manifest)]  # noqa: S311
    weights, asked = zip(*weighted, strict=True)
    return Mix(asked, weights)


def _single(manifest: Manifest) -> Iterator[tuple[float, Asked]]:
    share = 100 / len(manifest.examples)
    for example in manifest.examples:
        yield share * 2 / 3, predict([example])
        if manifest.output.classes:
            yield share / 3, predict_class(manifest, [example])


def _batches(manifest: Manifest, chance: random.Random) -> Iterator[tuple[float, Asked]]:
    for size, weight in SIZES.items():
        yield weight * 2 / 3, predict(chance.choices(manifest.examples, k=size))
        if manifest.output.classes:
            yield weight / 3, predict_class(manifest, chance.choices(manifest.examples, k=size))


def _reads(content: bytes) -> Iterator[tuple[float, Asked]]:
    yield 4, Asked("model", "GET", "/model", 200, content.__eq__)
    yield 4, Asked("ready", "GET", "/health/ready", 200, b'{"status":"ready"}'.__eq__)
    yield 1, Asked("openapi", "GET", "/openapi.json", 200, lambda body: json.loads(body)["openapi"].startswith("3.1"))


def _bad(manifest: Manifest) -> Iterator[tuple[float, Asked]]:
    row = manifest.examples[0].instance
    unknown = [{**row, "no such feature": 1}]
    yield 2, _refused("unknown feature", 422, "invalid-instances", OWN, _body(unknown))
    yield 2, _refused("no token", 401, "unauthorized", NONE, _body([row]))
    yield 2, _refused("wrong token", 401, "invalid-token", WRONG, _body([row]))
    yield 1, _refused("half a body", 400, "malformed-json", OWN, _body([row])[:-2])


def _refused(name: str, status: int, problem: str, authorization: str, body: bytes) -> Asked:
    said = f"/problems/{problem}".encode()
    return Asked(name, "POST", "/predict", status, lambda answer: said in answer, authorization, body)


def predict(rows: Sequence[Example]) -> Asked:
    """A prediction for these rows."""
    expected = Predictions([row.prediction for row in rows])
    return Asked(_name("predict", rows), "POST", "/predict", 200, right(expected), OWN, _rows(rows))


def predict_class(manifest: Manifest, rows: Sequence[Example]) -> Asked:
    """A class for these rows: a regressor's with its values, a classifier's is its prediction."""
    numbers = [row.prediction for row in rows]
    expected = (
        Predictions([row.class_ for row in rows], numbers) if manifest.kind == "regressor" else Predictions(numbers)
    )
    return Asked(_name("classify", rows), "POST", "/predict_class", 200, right(expected), OWN, _rows(rows))


def right(expected: Predictions) -> Check:
    """A check of values: labels are equal, numbers near."""
    decode = msgspec.json.Decoder(Predictions).decode

    def check(body: bytes) -> bool:
        given = decode(body)
        return near(given.predictions, expected.predictions) and near(given.values, expected.values)

    return check


def near(given: Sequence[Any], expected: Sequence[Any]) -> bool:
    """Whether these are as many and the same: equal at once, or number by number within rounding."""
    return given == expected or (
        len(given) == len(expected)
        and all(
            isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=NEAR)
            for a, b in zip(given, expected, strict=True)
        )
    )


def _name(route: str, rows: Sequence[Example]) -> str:
    return f"{route}, {len(rows):,} rows" if len(rows) > 1 else ONE_ROW[route]


def _rows(rows: Sequence[Example]) -> bytes:
    return _body([row.instance for row in rows])


def _body(instances: Sequence[Instance]) -> bytes:
    return json.dumps({"instances": instances}).encode()
