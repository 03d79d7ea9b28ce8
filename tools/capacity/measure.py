"""Service times, measured against a URL: one request at a time, so that none waits for another."""

import json
import time
from collections.abc import Sequence

import httpx

from shared import manifest
from tools.capacity.errors import CapacityError

WARM_UP = 10  # the first ones open the connection and load the model
TIMEOUT_SECONDS = 30.0


def measured(url: str, token: str, requests: int) -> Sequence[float]:
    """The times, in seconds, of so many POSTs of the model's first golden example over one kept connection.

    What the network takes is in them: measure from nearby. Raises CapacityError for anything but 200.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"instances": [manifest.current().examples[0].instance]}
    content = json.dumps(body).encode()
    headers["Content-Type"] = "application/json"
    try:
        with httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS) as client:
            return [_timed(client, url, content) for _ in range(WARM_UP + requests)][WARM_UP:]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CapacityError(f"{url} cannot be measured: {error}") from None


def _timed(client: httpx.Client, url: str, content: bytes) -> float:
    began = time.perf_counter()
    answer = client.post(url, content=content)
    seconds = time.perf_counter() - began
    if answer.status_code != httpx.codes.OK:
        hint = (
            " Put a token in the environment variable TOKEN." if answer.status_code == httpx.codes.UNAUTHORIZED else ""
        )
        raise CapacityError(f"{url} answers {answer.status_code}, not 200.{hint}")
    return seconds
