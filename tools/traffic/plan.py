"""Plan mixed traffic: requests that fit the model's manifest, and requests that do not."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

type Instance = Mapping[str, Any]

MAX_INSTANCES = 5
ENTITY_SHARE = 0.5
STRANGERS = ("mallory", "eve")
DISTANCE = 0.5  # of a value outside the range, in widths of the range


@dataclass(frozen=True)
class PlannedRequest:
    """One request. An empty `user` sends no token."""

    kind: str
    path: str
    body: bytes
    user: str = ""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Plan:
    """Draw random requests for a model, in the shares of `KINDS`, from the users of `passwords`.

    With `entities`, half of the instances name an entity, so that the service reads its features from its store.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        passwords: Mapping[str, str],
        rng: random.Random,
        entities: Sequence[str] = (),
    ) -> None:
        self._features: Sequence[Mapping[str, Any]] = manifest["features"]
        self._entities = entities
        self._paths = ["/predict", "/predict", "/predict_class"] if manifest["output"].get("classes") else ["/predict"]
        self._passwords = passwords
        self._users = list(passwords)
        self._rng = rng

    def next(self) -> PlannedRequest:
        """Return a request of a random kind, by its share."""
        kind = self._rng.choices(list(KINDS), [share for share, _ in KINDS.values()])[0]
        _, make = KINDS[kind]
        return make(self, kind)

    def login(self, kind: str, user: str = "", password: str = "") -> PlannedRequest:
        """Return a login, with the right password unless another is set."""
        name = user or self._rng.choice(self._users)
        form = {"grant_type": "password", "username": name, "password": password or self._passwords[name]}
        return PlannedRequest(kind, "/token", json.dumps(form).encode())

    def wrong_login(self, kind: str) -> PlannedRequest:
        """Return a login that fails. It is a stranger's, or the users would be throttled."""
        return self.login(kind, self._rng.choice(STRANGERS), "a guess")

    def prediction(self, kind: str) -> PlannedRequest:
        """Return a valid prediction."""
        return self._predict(kind, self._instances())

    def outside(self, kind: str) -> PlannedRequest:
        """Return a prediction for a number outside the range of the training data: it succeeds, with a warning."""
        return self._predict(kind, [{**self._instance(), **self._outside_value()}])

    def invalid(self, kind: str) -> PlannedRequest:
        """Return a prediction with a field that the model does not have."""
        return self._predict(kind, [{**self._instance(), "no such feature": 1}])

    def malformed(self, kind: str) -> PlannedRequest:
        """Return a body that is not JSON."""
        return PlannedRequest(kind, self._rng.choice(self._paths), b'{"instances": [', self._rng.choice(self._users))

    def stranger(self, kind: str) -> PlannedRequest:
        """Return a prediction with an invalid token."""
        body = json.dumps({"instances": self._instances()}).encode()
        return PlannedRequest(kind, "/predict", body, headers={"Authorization": "Bearer not-a-token"})

    def _predict(self, kind: str, instances: Sequence[Instance]) -> PlannedRequest:
        body = json.dumps({"instances": instances}).encode()
        return PlannedRequest(kind, self._rng.choice(self._paths), body, self._rng.choice(self._users))

    def _instances(self) -> Sequence[Instance]:
        return [self._instance_or_entity() for _ in range(self._rng.choice([1, 1, 1, MAX_INSTANCES]))]

    def _instance_or_entity(self) -> Instance:
        if self._entities and self._rng.random() < ENTITY_SHARE:
            return {"entity_id": self._rng.choice(self._entities)}
        return self._instance()

    def _instance(self) -> Instance:
        return {feature["name"]: self._value(feature) for feature in self._features}

    def _value(self, feature: Mapping[str, Any]) -> Any:
        if feature["kind"] == "category":
            return self._rng.choice(feature["values"])
        low, high = feature["range"]
        return self._rng.triangular(low, high)  # the middle is more likely, as in most data

    def _outside_value(self) -> Instance:
        ranges = {feature["name"]: feature["range"] for feature in self._features if feature["kind"] == "number"}
        return {name: high + DISTANCE * (high - low) for name, (low, high) in list(ranges.items())[:1]}


KINDS: Mapping[str, tuple[int, Callable[[Plan, str], PlannedRequest]]] = {
    "predictions": (82, Plan.prediction),
    "outside the training range": (6, Plan.outside),
    "unknown fields": (4, Plan.invalid),
    "not JSON": (2, Plan.malformed),
    "invalid tokens": (2, Plan.stranger),
    "logins": (3, Plan.login),
    "wrong passwords": (1, Plan.wrong_login),
}
"""Kind → its share in percent, and the method that draws a request of it."""
