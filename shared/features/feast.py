"""The Feast feature server's HTTP protocol: `POST /get-online-features`, columnar answers with statuses.

FEATURES_URL is the server's URL; its query says what to ask for and is not sent on:
`http://feast:6566?view=patients&entity=patient_id` asks for `patients:<feature>` of every feature,
`http://feast:6566?service=slr&entity=patient_id` for the feature service `slr`.
Protocol: https://docs.feast.dev/reference/feature-servers/python-feature-server
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec
import urllib3
from msgspec import Struct
from urllib3.util import Retry, Timeout

from shared import offload
from shared.features.source import Entity, Fetched, Rows
from shared.problems import FeaturesInvalid, FeaturesUnavailable

PATH = "/get-online-features"
CONCURRENCY = 32  # calls to the server at the same time; more wait their turn within the time limit
FIRST_TRY_SHARE = 0.45  # of the time limit; the retry gets as much, and the jitter between them the rest
JITTER_SECONDS = 0.02
RETRIED = (429, 502, 503, 504)

_pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="features")


class _Column(Struct):
    values: list[Any]
    statuses: list[str]


class _Metadata(Struct):
    feature_names: list[str] | dict[str, list[str]]


class _Answer(Struct):
    metadata: _Metadata
    results: list[_Column]


class Feast:
    """A Feast server, or any other system that answers in that shape."""

    kind = "HTTP"

    def __init__(self, url: str, authorization: str, timeout_seconds: float) -> None:
        where = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(where.query).items()}
        self._url = urlunsplit((where.scheme, where.netloc, where.path.rstrip("/") or PATH, "", ""))
        self._service = asked.get("service", "")
        self._view = asked.get("view", "")
        self._entity = asked.get("entity", "entity_id")
        self._headers = {"Content-Type": "application/json"}
        if authorization:
            self._headers["Authorization"] = authorization
        self._pool = urllib3.PoolManager(maxsize=CONCURRENCY, block=False)
        self._timeout = Timeout(total=timeout_seconds * FIRST_TRY_SHARE)
        self.target = where.netloc.rpartition("@")[2]

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """All at once: the protocol is columnar."""
        return [entities]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """What the server knows. Raises FeaturesUnavailable or FeaturesInvalid."""
        return await offload.run_in(_pool, self._fetch, entities, features)

    async def ping(self) -> None:
        """Whether the server answers at all, be it that it does not like the question."""
        await offload.run_in(_pool, self._post, {"entities": {self._entity: []}, "features": []}, range(200, 500))

    def _fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        answer = self._post(self._question(entities, features))
        attempts = 1 + (len(answer.retries.history) if answer.retries else 0)
        return Fetched(_rows(answer.data, entities, features), attempts)

    def _question(self, entities: Sequence[Entity], features: Sequence[str]) -> dict[str, Any]:
        what: dict[str, Any] = {"entities": {self._entity: list(entities)}, "full_feature_names": False}
        if self._service:
            return {**what, "feature_service": self._service}
        prefix = f"{self._view}:" if self._view else ""
        return {**what, "features": [f"{prefix}{feature}" for feature in features]}

    def _post(self, question: Mapping[str, Any], accept: Sequence[int] = (200,)) -> urllib3.BaseHTTPResponse:
        retry = Retry(
            total=1,
            allowed_methods=None,  # asking for features changes nothing
            status_forcelist=RETRIED,
            raise_on_status=False,
            backoff_jitter=JITTER_SECONDS,
            respect_retry_after_header=False,  # it may be longer than anybody waits here; the client is told instead
        )
        body = msgspec.json.encode(question)
        try:
            answer = self._pool.request(
                "POST",
                self._url,
                body=body,
                headers=self._headers,
                timeout=self._timeout,
                retries=retry,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise FeaturesUnavailable(reason=type(error).__name__) from error
        if answer.status not in accept:
            raise FeaturesUnavailable(reason=f"the feature server answered {answer.status}", retry_after=_wait(answer))
        return answer


def _wait(answer: urllib3.BaseHTTPResponse) -> int:
    """The seconds that the server asks to wait, within a minute."""
    asked = answer.headers.get("Retry-After", "")
    return min(60, int(asked)) if asked.isdecimal() else 5


def _rows(content: bytes, entities: Sequence[Entity], features: Sequence[str]) -> Rows:
    """A columnar answer as rows. An entity of which nothing at all was found is unknown."""
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FeaturesInvalid(reason=f"the feature server's answer is not Feast's: {error}") from error
    names = answer.metadata.feature_names
    columns = dict(zip(names["val"] if isinstance(names, dict) else names, answer.results, strict=False))
    wanted = {name: columns[name] for name in features if name in columns}
    if any(len(each.values) != len(entities) or len(each.statuses) != len(entities) for each in wanted.values()):
        raise FeaturesInvalid(reason="the feature server answered for another number of entities")
    rows = {}
    for i, entity in enumerate(entities):
        if any(column.statuses[i] != "NOT_FOUND" for column in wanted.values()):
            rows[entity] = {name: _value(column, i) for name, column in wanted.items()}
    return rows


def _value(column: _Column, position: int) -> Any:
    """The value where it is there; one that is too old (OUTSIDE_MAX_AGE) is not."""
    return column.values[position] if column.statuses[position] == "PRESENT" else None
