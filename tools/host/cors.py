"""Calls from pages of other origins (CORS), allowed as `func start` allows them.

The origins are in local.settings.json: `"Host": {"CORS": "http://localhost:3000"}`. Several have commas between them;
`*` stands for every origin. `CORSCredentials` allows cookies. As in ASP.NET Core's middleware, the host responds to
preflights itself, on any path, and allows every method and header.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.errors import HostError
from tools.host.responses import Header, Response

ANY = "*"
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")
REPEATED = {
    "access-control-request-headers": b"access-control-allow-headers",
    "access-control-request-method": b"access-control-allow-methods",
}
"""A preflight's header → the header of its response with the same value."""


@dataclass(frozen=True, slots=True)
class Cors:
    """The origins whose pages may read responses. Without any, the host takes no part in CORS."""

    origins: frozenset[str] = frozenset()
    """In lower case, as browsers send them."""
    credentials: bool = False

    def preflight(self, method: str, headers: Mapping[str, str]) -> Response | None:
        """Return the response to a preflight, without the headers of every response; None for another request."""
        if not self.origins or method != "OPTIONS" or not {"origin", "access-control-request-method"} <= set(headers):
            return None
        repeated = [(REPEATED[name], value.encode()) for name, value in headers.items() if name in REPEATED]
        return Response(204, repeated if self.allows(headers) else [], b"")

    def headers(self, headers: Mapping[str, str]) -> list[Header]:
        """Return the headers with which the page that sent a request may read the response; none for other pages."""
        if not self.allows(headers):
            return []
        allowed = [
            (b"access-control-allow-origin", ANY.encode() if ANY in self.origins else headers["origin"].encode())
        ]
        if self.credentials:
            allowed.append((b"access-control-allow-credentials", b"true"))
        if len(self.origins) > 1:
            allowed.append((b"vary", b"Origin"))
        return allowed

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Return True if a request comes from a page of an allowed origin."""
        return bool(self.origins & {headers["origin"], ANY}) if "origin" in headers else False


def cors_from(settings: Mapping[str, Any]) -> Cors:
    """Return what local.settings.json allows. Raises HostError for what would allow nothing, or too much."""
    host = settings.get("Host", {})
    if not isinstance(host, dict):
        raise HostError("local.settings.json: Host must be an object.")
    listed, credentials = host.get("CORS", ""), host.get("CORSCredentials", False)
    if not isinstance(listed, str):
        raise HostError("local.settings.json: Host.CORS must be a string of origins with commas between them.")
    if not isinstance(credentials, bool):
        raise HostError("local.settings.json: Host.CORSCredentials must be true or false.")
    origins = frozenset(origin.lower() for origin in listed.split(",") if origin)
    if ANY in origins and (credentials or len(origins) > 1):
        raise HostError("local.settings.json: `*` in Host.CORS stands alone, and without CORSCredentials.")
    for origin in origins - {ANY}:
        if not ORIGIN.fullmatch(origin):
            raise HostError(f"local.settings.json: {origin!r} in Host.CORS is no origin, such as https://app.example.")
    return Cors(origins, credentials)
