"""The service's routes, as this client uses them."""

from typing import Any

import msgspec
from urllib3.exceptions import HTTPError

from tools.errors import ScoreError
from tools.score import model
from tools.score.columns import ENTITY_ID
from tools.score.connection import Connection, Response
from tools.score.login import Login
from tools.score.model import Endpoint, Model
from tools.score.waiting import Waiting


class Service:
    """A service at a base URL."""

    def __init__(self, connection: Connection, waiting: Waiting) -> None:
        self._connection = connection
        self._waiting = waiting

    def model(self) -> Model:
        """Return the model. Raises ScoreError, also for a service that is not there: the URL may be wrong."""
        try:
            self._connection.send("/health/live")
        except HTTPError as error:
            raise ScoreError(f"{self._connection.url} is unreachable: {error}") from None
        return model.decode(self._get("/model").body)

    def has_feature_store(self) -> bool:
        """Return True if instances may name an entity, which only the OpenAPI document shows."""
        document: Any = msgspec.json.decode(self._get("/openapi.json").body)
        instance = document.get("components", {}).get("schemas", {}).get("Instance", {})
        return ENTITY_ID in instance.get("properties", {})

    def predict(self, endpoint: Endpoint, body: bytes, login: Login) -> Response:
        """Return the response to a request for predictions. A refused token is renewed once. Raises ScoreError."""
        token = login.token()
        response = self._post(endpoint, body, token)
        if response.status == 401:
            response = self._post(endpoint, body, login.token(refused=token))
        return response

    def _get(self, path: str) -> Response:
        response = self._waiting.repeat(lambda: self._connection.send(path))
        if response.status != 200:
            raise ScoreError(f"{path} returned {response.describe()}")
        return response

    def _post(self, endpoint: Endpoint, body: bytes, token: str) -> Response:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return self._waiting.repeat(lambda: self._connection.send(f"/{endpoint}", body, **headers))
