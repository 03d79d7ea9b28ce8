"""What mixed traffic is made of: requests that are as the model's manifest wants them, and ones that are not."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

type Instance = Mapping[str, Any]

MOST_INSTANCES = 5
ENTITY_SHARE = 0.5
STRANGERS = ("mallory", "eve")
BEYOND = 0.5  # how far outside the range, in ranges


@dataclass(frozen=True)
class Ask:
    """One request. `user` empty: without a token."""

    kind: str
    path: str
    body: bytes
    user: str = ""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Plan:
    """Draws requests for a model, in the shares of `KINDS`, as the people of `passwords` would send them.

    Where there are `entities`, half of the instances name one, and leave their features to the service's store.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        passwords: Mapping[str, str],
        dice: random.Random,
        entities: Sequence[str] = (),
    ) -> None:
        self._features: Sequence[Mapping[str, Any]] = manifest["features"]
        self._entities = entities
        self._paths = ["/predict", "/predict", "/predict_class"] if manifest["output"].get("classes") else ["/predict"]
        self._passwords = passwords
        self._users = list(passwords)
        self._dice = dice

    def next(self) -> Ask:
        """Any of the kinds, by its share."""
        kind = self._dice.choices(list(KINDS), [share for share, _ in KINDS.values()])[0]
        _, make = KINDS[kind]
        return make(self, kind)

    def login(self, kind: str, user: str = "", password: str = "") -> Ask:
        """A login, with the right password unless another is given."""
        name = user or self._dice.choice(self._users)
        form = {"grant_type": "password", "username": name, "password": password or self._passwords[name]}
        return Ask(kind, "/token", json.dumps(form).encode())

    def wrong_login(self, kind: str) -> Ask:
        """A login that fails. Strangers', or the users would find themselves throttled."""
        return self.login(kind, self._dice.choice(STRANGERS), "a guess")

    def prediction(self, kind: str) -> Ask:
        """As the model wants it."""
        return self._predict(kind, self._instances())

    def outside(self, kind: str) -> Ask:
        """A number that the training data never had; answered, with a warning."""
        return self._predict(kind, [{**self._instance(), **self._far()}])

    def invalid(self, kind: str) -> Ask:
        """A field that the model does not know."""
        return self._predict(kind, [{**self._instance(), "no such feature": 1}])

    def malformed(self, kind: str) -> Ask:
        """Not JSON."""
        return Ask(kind, self._dice.choice(self._paths), b'{"instances": [', self._dice.choice(self._users))

    def stranger(self, kind: str) -> Ask:
        """A token that nobody issued."""
        body = json.dumps({"instances": self._instances()}).encode()
        return Ask(kind, "/predict", body, headers={"Authorization": "Bearer not-a-token"})

    def _predict(self, kind: str, instances: Sequence[Instance]) -> Ask:
        body = json.dumps({"instances": instances}).encode()
        return Ask(kind, self._dice.choice(self._paths), body, self._dice.choice(self._users))

    def _instances(self) -> Sequence[Instance]:
        return [self._asked() for _ in range(self._dice.choice([1, 1, 1, MOST_INSTANCES]))]

    def _asked(self) -> Instance:
        if self._entities and self._dice.random() < ENTITY_SHARE:
            return {"entity_id": self._dice.choice(self._entities)}
        return self._instance()

    def _instance(self) -> Instance:
        return {each["name"]: self._value(each) for each in self._features}

    def _value(self, feature: Mapping[str, Any]) -> Any:
        if feature["kind"] == "category":
            return self._dice.choice(feature["values"])
        low, high = feature["range"]
        return self._dice.triangular(low, high)  # the middle is likelier, as in most data

    def _far(self) -> Instance:
        numbers = [each for each in self._features if each["kind"] == "number"][:1]
        return {each["name"]: each["range"][1] + BEYOND * (each["range"][1] - each["range"][0]) for each in numbers}


KINDS: Mapping[str, tuple[int, Callable[[Plan, str], Ask]]] = {
    "predictions": (82, Plan.prediction),
    "outside the training range": (6, Plan.outside),
    "unknown fields": (4, Plan.invalid),
    "not JSON": (2, Plan.malformed),
    "invalid tokens": (2, Plan.stranger),
    "logins": (3, Plan.login),
    "wrong passwords": (1, Plan.wrong_login),
}
"""Kind → its share in percent, and how it is made."""
