"""Declarations of routes, and the requests and responses of their handlers.

The frame (`endpoint`) enforces what a route declares; `openapi` describes it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

from shared.problems import Problem

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
HTML = "text/html"
PROBLEM_JSON = "application/problem+json"


class Request(NamedTuple):
    """One authorized request."""

    body: bytes
    media_type: str
    user: str
    """The caller's name; empty where the route needs no authorization."""
    id: str
    """The trace's operation id."""
    headers: Mapping[str, str]
    path: str
    """As the service sees it: without the prefix of a gateway in front of it."""
    path_params: Mapping[str, str]


class Response(NamedTuple):
    """A handler's response."""

    body: bytes
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = {}


type Authorize = Callable[[str | None], Awaitable[str]]
"""Value of the Authorization header → the caller's name; raises Unauthorized."""
type Handler = Callable[[Request], Awaitable[Response]]
type Schema = Any
"""A type that msgspec can describe, or a function that makes one from a manifest (`model.schemas`)."""


@dataclass(frozen=True)
class Route:
    """One route: method, pattern, and everything that a client needs to know."""

    method: str
    pattern: str
    """In the form of Azure Functions, without a leading slash."""
    _: KW_ONLY
    response_model: Schema
    media_type: str = JSON
    """Media type of a successful response."""
    other_responses: Mapping[int, Schema] = field(default_factory=dict)
    """Other statuses that are no problems."""
    request_model: Schema = None
    accepts: tuple[str, ...] = (JSON,)
    """Media types of the request's body, where the route has one."""
    authorize: Authorize | None = None
    problems: tuple[type[Problem], ...] = ()
    """Raised by the handler; those of the frame need not be listed."""
    oauth: bool = False
    """True when problems have the members of RFC 6749 beside the usual ones."""
    listed: bool = True
    """True when OpenAPI lists the route; pages for people are no part of the API."""
    name: str = ""
    """The handler's name."""
    doc: str = ""
    """The handler's docstring."""

    @property
    def path(self) -> str:
        """The pattern as OpenAPI writes it: without constraints, and without a parameter that must be empty."""
        plain = re.sub(r"\{\w+:maxlength\(0\)\?\}", "", self.pattern)
        return "/" + re.sub(r"\{\*?(\w+)[^}]*\}", r"{\1}", plain)
