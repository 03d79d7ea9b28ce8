"""The Feast feature server's HTTP protocol: `POST /get-online-features`, columnar responses with statuses.

FEATURES_URL is the server's URL; its query names what to request and is not sent on:
`http://feast:6566?view=patients&entity=patient_id` requests `patients:<feature>` of every feature,
`http://feast:6566?service=slr&entity=patient_id` the feature service `slr`.
Protocol: https://docs.feast.dev/reference/feature-servers/python-feature-server
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec
import urllib3
from msgspec import Struct
from urllib3.util import Retry, Timeout

from shared.features.source import Entity, Fetched, Rows
from shared.problems import FeaturesInvalid, FeaturesUnavailable
from shared.threads import MAX_FEATURES, Pool

PATH = "/get-online-features"
FIRST_TRY_SHARE = 0.45  # of the time limit; the retry gets as much, and the jitter between them the rest
JITTER_SECONDS = 0.02
RETRIED = (429, 502, 503, 504)
MAX_RETRY_AFTER = 60


class _Column(Struct):
    values: list[Any]
    statuses: list[str]


class _Metadata(Struct):
    feature_names: list[str] | dict[str, list[str]]


class _Response(Struct):
    metadata: _Metadata
    results: list[_Column]


class FeastSource:
    """A Feast server, or any other system with the same protocol."""

    kind = "HTTP"

    def __init__(self, url: str, authorization: str, timeout_seconds: float, pool: Pool) -> None:
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._url = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") or PATH, "", ""))
        self._service = query.get("service", "")
        self._view = query.get("view", "")
        self._entity = query.get("entity", "entity_id")
        self._headers = {"Content-Type": "application/json"}
        if authorization:
            self._headers["Authorization"] = authorization
        self._connections = urllib3.PoolManager(maxsize=MAX_FEATURES, block=False)
        self._timeout = Timeout(total=timeout_seconds * FIRST_TRY_SHARE)
        self._pool = pool
        self.target = parts.netloc.rpartition("@")[2]

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """Return one batch: the protocol is columnar."""
        return [entities]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """Return the server's features. Raises FeaturesUnavailable or FeaturesInvalid."""
        return await self._pool.run(self._fetch, entities, features)

    async def ping(self) -> None:
        """Return when the server responds, even with a refusal of the request."""
        await self._pool.run(self._post, {"entities": {self._entity: []}, "features": []}, range(200, 500))

    def _fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        response = self._post(self._query(entities, features))
        attempts = 1 + (len(response.retries.history) if response.retries else 0)
        return Fetched(_rows(response.data, entities, features), attempts)

    def _query(self, entities: Sequence[Entity], features: Sequence[str]) -> dict[str, Any]:
        query: dict[str, Any] = {"entities": {self._entity: list(entities)}, "full_feature_names": False}
        if self._service:
            return {**query, "feature_service": self._service}
        prefix = f"{self._view}:" if self._view else ""
        return {**query, "features": [f"{prefix}{feature}" for feature in features]}

    def _post(self, query: Mapping[str, Any], accept: Sequence[int] = (200,)) -> urllib3.BaseHTTPResponse:
        retry = Retry(
            total=1,
            allowed_methods=None,  # a query changes nothing
            status_forcelist=RETRIED,
            raise_on_status=False,
            backoff_jitter=JITTER_SECONDS,
            respect_retry_after_header=False,  # it may be longer than the time limit; the client receives it instead
        )
        try:
            response = self._connections.request(
                "POST",
                self._url,
                body=msgspec.json.encode(query),
                headers=self._headers,
                timeout=self._timeout,
                retries=retry,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise FeaturesUnavailable(reason=type(error).__name__) from error
        if response.status not in accept:
            reason = f"the feature server responded with {response.status}"
            raise FeaturesUnavailable(reason=reason, retry_after=_retry_after(response))
        return response


def _retry_after(response: urllib3.BaseHTTPResponse) -> int:
    """Return the server's Retry-After in seconds, within a minute."""
    value = response.headers.get("Retry-After", "")
    return min(MAX_RETRY_AFTER, int(value)) if value.isdecimal() else 5


def _rows(content: bytes, entities: Sequence[Entity], features: Sequence[str]) -> Rows:
    """Convert a columnar response to rows. An entity without any feature is unknown."""
    try:
        response = msgspec.json.decode(content, type=_Response)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FeaturesInvalid(reason=f"the feature server's response is not Feast's: {error}") from error
    names = response.metadata.feature_names
    columns = dict(zip(names["val"] if isinstance(names, dict) else names, response.results, strict=False))
    requested = {name: columns[name] for name in features if name in columns}
    if any(len(each.values) != len(entities) or len(each.statuses) != len(entities) for each in requested.values()):
        raise FeaturesInvalid(reason="the feature server's response is for another number of entities")
    rows = {}
    for i, entity in enumerate(entities):
        if any(column.statuses[i] != "NOT_FOUND" for column in requested.values()):
            rows[entity] = {name: _value(column, i) for name, column in requested.items()}
    return rows


def _value(column: _Column, position: int) -> Any:
    """Return the value where there is one; a value that is too old (OUTSIDE_MAX_AGE) is none."""
    return column.values[position] if column.statuses[position] == "PRESENT" else None
