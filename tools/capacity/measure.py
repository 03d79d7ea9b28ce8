"""Measure service times at a URL: one request at a time, so that no request waits for another."""

import json
import os
import time
from collections.abc import Sequence

import httpx

from shared.model.manifest_file import ManifestFile
from shared.settings import Settings
from tools.errors import CapacityError

WARM_UP = 10  # the first requests open the connection and load the model
TIMEOUT_SECONDS = 30.0


def measure_times(url: str, token: str, requests: int) -> Sequence[float]:
    """Return the seconds that each of `requests` POSTs took: the model's first golden example, over one connection.

    The time of the network is included, so measure from nearby. Raises CapacityError for any status but 200.
    """
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    body = json.dumps({"instances": [ManifestFile(Settings.read(os.environ)).manifest.examples[0].instance]}).encode()
    try:
        with httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS) as client:
            return [_post(client, url, body) for _ in range(WARM_UP + requests)][WARM_UP:]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CapacityError(f"{url} cannot be measured: {error}") from None


def _post(client: httpx.Client, url: str, body: bytes) -> float:
    started = time.perf_counter()
    response = client.post(url, content=body)
    seconds = time.perf_counter() - started
    if response.status_code != httpx.codes.OK:
        unauthorized = response.status_code == httpx.codes.UNAUTHORIZED
        hint = " Put a token in the environment variable TOKEN." if unauthorized else ""
        raise CapacityError(f"{url} returned {response.status_code}, not 200.{hint}")
    return seconds
