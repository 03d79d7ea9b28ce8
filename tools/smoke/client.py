"""A client of the deployed service, with the standard library alone. Each request has a connection of its own."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.errors import ToolError

TIMEOUT_SECONDS = 60.0  # longer than a cold start


class SmokeError(ToolError):
    """The service does not work; the text is what it returned instead."""


@dataclass(frozen=True)
class Response:
    """A response of the service."""

    status: int
    request_id: str
    """Only the service itself sets it."""
    body: bytes

    def members(self) -> Mapping[str, Any]:
        """Return the body's JSON object; an empty one for any other body, which then fails the check."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


@dataclass(frozen=True)
class Client:
    """A client of the service at a base URL, with a bearer token after the login."""

    url: str
    token: str = ""

    def send(self, path: str, body: bytes | None = None, media_type: str = "application/json") -> Response:
        """Send a GET, or a POST with a body. Raises SmokeError when there is no response."""
        headers = {"Content-Type": media_type, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        request = urllib.request.Request(self.url + path, body, headers)  # noqa: S310 - http or https: see base_url
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
                return Response(response.status, response.headers.get("X-Request-Id", ""), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, error.headers.get("X-Request-Id", ""), error.read())
        except OSError as error:
            raise SmokeError(f"{path} is unreachable: {getattr(error, 'reason', error)}") from None

    def require_ok(self, path: str, body: bytes | None = None, media_type: str = "application/json") -> Response:
        """Send a request and return the response. Raises SmokeError, with the problem's title, unless it is a 200."""
        response = self.send(path, body, media_type)
        if response.status != 200:
            problem = response.members()
            title = problem.get("title") or problem.get("error", "")
            raise SmokeError(f"{path} returned {response.status} {title}".rstrip())
        return response
