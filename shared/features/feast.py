"""The Feast feature server's HTTP protocol: `POST /get-online-features`, columnar responses with statuses.

FEATURES_URL is the server's URL; its query names what to request and is not sent on:
`http://feast:6566?view=patients&entity=patient_id` requests `patients:<feature>` of every feature,
`http://feast:6566?service=slr&entity=patient_id` the feature service `slr`. `type=int64` is the type of the join key:
other ids are then refused without a request.
Protocol: https://docs.feast.dev/reference/feature-servers/python-feature-server
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit, urlunsplit

import msgspec
from msgspec import Struct

from shared.features.connection import Connection
from shared.features.refusals import Refusals
from shared.features.source import EntitiesRefused, Entity, Fetched, QueryRefused, Rows
from shared.problems import FeaturesInvalid, FeaturesUnavailable
from shared.threads import Pool

PATH = "/get-online-features"
HEALTH = "health"
NO_ROUTE = (404, 405, 501)
INT64 = range(-(2**63), 2**63)
DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,18}")  # one text for each number: 007 is another id than 7


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
        self._whole_numbers = query.get("type", "").lower() == "int64"
        self._connection = Connection(authorization, timeout_seconds)
        self._refusals = Refusals(timeout_seconds, self.ping)
        self._answered: dict[str, Any] | None = None
        self._pool = pool
        self.target = parts.netloc.rpartition("@")[2]

    def batches(self, entities: Sequence[Entity]) -> Sequence[Sequence[Entity]]:
        """Return one batch: the protocol is columnar. Raises EntitiesRefused for ids of another type than the key."""
        refused = [entity for entity in entities if not _is_int64(entity)] if self._whole_numbers else []
        if refused:
            raise EntitiesRefused(refused, "is not a whole number of 64 bits, as the feature store's ids are")
        return [entities]

    async def fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        """Return the server's features. Raises FeaturesUnavailable, FeaturesInvalid, EntitiesRefused, QueryRefused."""
        return await self._refusals.fetch(entities, lambda batch: self._pool.run(self._fetch, batch, features))

    async def ping(self) -> None:
        """Return when the server is up: by its health route, or else by a query that it answered before."""
        await self._pool.run(self._ping)

    def _ping(self) -> None:
        try:
            health = self._connection.request("GET", urljoin(self._url, HEALTH), accept=(200, 204, *NO_ROUTE))
            if health.status in NO_ROUTE and self._answered:
                self._connection.request("POST", self._url, self._answered)
        except QueryRefused as refusal:
            raise FeaturesUnavailable(reason=str(refusal)) from refusal

    def _fetch(self, entities: Sequence[Entity], features: Sequence[str]) -> Fetched:
        response = self._connection.request("POST", self._url, self._query(entities, features))
        self._answered = self._query(entities[:1], features)
        return Fetched(_rows(response.content, entities, features), response.attempts)

    def _query(self, entities: Sequence[Entity], features: Sequence[str]) -> dict[str, Any]:
        keys = [int(entity) for entity in entities] if self._whole_numbers else list(entities)
        query: dict[str, Any] = {"entities": {self._entity: keys}, "full_feature_names": False}
        if self._service:
            return {**query, "feature_service": self._service}
        prefix = f"{self._view}:" if self._view else ""
        return {**query, "features": [f"{prefix}{feature}" for feature in features]}


def _is_int64(entity: Entity) -> bool:
    """Return True for a whole number of 64 bits, or its decimal text."""
    is_number = isinstance(entity, int) or DECIMAL.fullmatch(entity) is not None
    return is_number and int(entity) in INT64


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
