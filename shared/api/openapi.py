"""The OpenAPI 3.1 document, made from the routes and the manifest."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import isfunction
from typing import Any

import msgspec
from msgspec import Struct

from shared.api import portable, problem_examples
from shared.api.problem_examples import REQUEST_ID, Context
from shared.api.routes import FORM, PROBLEM_JSON, Route
from shared.auth import oidc
from shared.model import schemas
from shared.model.manifest import Example, Manifest
from shared.model.manifest_file import ManifestFile
from shared.problems import InsufficientScope, InvalidToken, Problem, TooLarge, Unauthorized, UnsupportedMediaType
from shared.settings import Settings
from shared.threads import Pool

REFERENCE = "#/components/schemas/{name}"
HEADERS: Mapping[str, Any] = {
    "X-Request-Id": {
        "description": "The trace's operation id: name it when you report a problem",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "X-Content-Type-Options": {"required": True, "schema": {"type": "string", "enum": ["nosniff"]}},
}
CHALLENGE: Mapping[str, Any] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
RETRY_AFTER: Mapping[str, Any] = {
    "Retry-After": {"description": "Seconds", "required": True, "schema": {"type": "integer", "minimum": 1}}
}
STATUS_HEADERS = {401: CHALLENGE, 403: CHALLENGE, 429: RETRY_AFTER, 503: RETRY_AFTER}
"""Further headers of problems, by status."""


class BadField(Struct):
    """One wrong member of the request body."""

    pointer: str
    """JSON pointer into the body."""
    detail: str


class ProblemDetails(Struct, omit_defaults=True, rename={"kind": "type"}):
    """An error (RFC 9457)."""

    kind: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[BadField] = []


class TokenProblemDetails(ProblemDetails, kw_only=True, rename={"kind": "type"}):
    """A refused token request: RFC 6749 §5.2 beside the members of every error."""

    error: str
    error_description: str


def document(routes: Iterable[Route], manifest: Manifest, settings: Settings) -> bytes:
    """Return the document as JSON, for the model of `manifest`."""
    return msgspec.json.encode(_Document(list(routes), manifest, settings).members())


class OpenApi:
    """The document of one service, built once: with 200 features it takes half a second."""

    def __init__(self, settings: Settings, manifest_file: ManifestFile, pool: Pool) -> None:
        self._settings = settings
        self._manifest_file = manifest_file
        self._pool = pool
        self._lock = asyncio.Lock()
        self._content = b""

    async def get(self, routes: Iterable[Route]) -> bytes:
        """Return the document as JSON. Raises ModelUnavailable or SettingInvalid."""
        async with self._lock:
            if not self._content:
                manifest = self._manifest_file.manifest
                self._content = await self._pool.run(document, routes, manifest, self._settings)
        return self._content


class _Document:
    """One document, with what all of its parts need."""

    def __init__(self, routes: Sequence[Route], manifest: Manifest, settings: Settings) -> None:
        self._routes = routes
        self._manifest = manifest
        self._settings = settings
        types = self._types()
        described, named = msgspec.json.schema_components(types.values(), ref_template=REFERENCE)
        self._components = portable.components(named)
        self._schemas = dict(zip(types, map(portable.portable, described), strict=True))
        """Declared model → its JSON Schema."""

    def members(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for route in self._routes:
            if route.listed and (self._settings.local_tokens or not route.oauth):
                paths.setdefault(route.path, {})[route.method.lower()] = self._operation(route)
        manifest = self._manifest
        return {
            "openapi": "3.1.0",
            "info": {"title": manifest.name, "version": manifest.version, "description": manifest.description},
            "servers": [{"url": "."}],
            "paths": paths,
            "components": {"schemas": self._components, "securitySchemes": self._security_schemes()},
        }

    def _types(self) -> dict[Any, Any]:
        """Return the type of each declared model, made once: a name stands for one type in a document."""
        models = [
            model
            for route in self._routes
            for model in (route.request_model, route.response_model, *route.other_responses.values())
            if model is not None
        ]
        entities = self._settings.has_feature_store
        types = {model: model(self._manifest, entities=entities) if isfunction(model) else model for model in models}
        return {**types, ProblemDetails: ProblemDetails, TokenProblemDetails: TokenProblemDetails}

    def _operation(self, route: Route) -> dict[str, Any]:
        summary, _, description = route.doc.partition("\n")
        operation: dict[str, Any] = {"operationId": route.name, "summary": summary, "description": description.strip()}
        if names := re.findall(r"\{(\w+)\}", route.path):
            operation["parameters"] = [_path_parameter(name) for name in names]
        if route.authorize is not None:
            operation["security"] = self._alternatives()
        if route.request_model is not None:
            content = {"schema": self._schemas[route.request_model], **_request_example(route, self._manifest)}
            operation["requestBody"] = {"required": True, "content": {_declared(route): content}}
        responses = {"200": self._success(route), **self._problems(route), **self._other_responses(route)}
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _success(self, route: Route) -> dict[str, Any]:
        content = {"schema": self._schemas[route.response_model], **_response_example(route, self._manifest)}
        return {"description": "Success", "headers": HEADERS, "content": {route.media_type: content}}

    def _other_responses(self, route: Route) -> dict[str, Any]:
        return {
            str(status): {
                "description": "The same members, with another status",
                "headers": HEADERS,
                "content": {route.media_type: {"schema": self._schemas[model]}},
            }
            for status, model in route.other_responses.items()
        }

    def _problems(self, route: Route) -> dict[str, Any]:
        """Return every problem of the handler and of its frame, by status."""
        by_status: dict[int, list[type[Problem]]] = {}
        for problem in sorted(self._possible(route), key=lambda problem: (problem.status, problem.slug)):
            by_status.setdefault(problem.status, []).append(problem)
        schema = self._schemas[TokenProblemDetails if route.oauth else ProblemDetails]
        media_type = route.media_type if route.oauth else PROBLEM_JSON
        context = Context(route, self._manifest, self._settings)
        return {
            str(status): {
                "description": " or ".join(problem.title for problem in problems),
                "headers": {**HEADERS, **STATUS_HEADERS.get(status, {})},
                "content": {media_type: {"schema": schema, "examples": problem_examples.examples(problems, context)}},
            }
            for status, problems in by_status.items()
        }

    def _possible(self, route: Route) -> set[type[Problem]]:
        possible: set[type[Problem]] = {Problem, *route.problems}
        if route.request_model is not None:
            possible |= {TooLarge, UnsupportedMediaType}
        if route.authorize is not None:
            possible |= {Unauthorized, InvalidToken}
            if self._settings.oidc_required_scope:
                possible.add(InsufficientScope)
        return possible

    def _security_schemes(self) -> dict[str, Any]:
        """Return the ways to get a token and to send it."""
        password = {"flows": {"password": {"tokenUrl": "token", "scopes": {}}}}
        schemes: dict[str, Any] = {
            "password": {"type": "oauth2", "description": "Log in with a name and a password", **password},
            "bearer": {"type": "http", "scheme": "bearer", "description": "A token that you have"},
            "issuer": {
                "type": "openIdConnect",
                "openIdConnectUrl": oidc.discovery_url(self._settings.oidc_issuer),
            },
        }
        return {name: schemes[name] for alternative in self._alternatives() for name in alternative}

    def _alternatives(self) -> list[dict[str, list[str]]]:
        """Return the security requirements, each sufficient by itself: of several required scopes one is enough."""
        own: list[dict[str, list[str]]] = [{"password": []}] if self._settings.local_tokens else []
        scopes = self._settings.oidc_required_scope.split()
        issuer: list[dict[str, list[str]]] = [{"issuer": [scope]} for scope in scopes] or [{"issuer": []}]
        return [*own, {"bearer": []}, *(issuer if self._settings.oidc_issuer else ())]


def _declared(route: Route) -> str:
    """Return the media type of a request: one, because generators make several calls of several. RFC 6749 has forms."""
    return FORM if FORM in route.accepts else route.accepts[0]


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _request_example(route: Route, manifest: Manifest) -> dict[str, Any]:
    if route.request_model is not schemas.instances_type:
        return {}
    return {"example": {"instances": [example.instance for example in manifest.examples]}}


def _response_example(route: Route, manifest: Manifest) -> dict[str, Any]:
    """Return the results of the golden examples, for the two routes with predictions."""
    members = EXAMPLES.get(route.response_model)
    if members is None or (route.response_model is schemas.classes_type and not manifest.output.classes):
        return {}
    model = {"name": manifest.name, "version": manifest.version}
    return {"example": {"model": model, **members(manifest), "warnings": [], "request_id": REQUEST_ID}}


def _predictions(manifest: Manifest) -> dict[str, Any]:
    return {"predictions": [example.prediction for example in manifest.examples]}


def _classes(manifest: Manifest) -> dict[str, Any]:
    def column(member: Callable[[Example], Any]) -> list[Any]:
        return [member(example) for example in manifest.examples]

    if manifest.kind == "regressor":
        return {
            "predictions": column(lambda example: example.class_),
            "values": column(lambda example: example.prediction),
        }
    optional = {"probabilities": column(lambda example: example.probabilities)} if manifest.output.probabilities else {}
    return {"predictions": column(lambda example: example.prediction), **optional}


EXAMPLES: Mapping[Any, Callable[[Manifest], dict[str, Any]]] = {
    schemas.predictions_type: _predictions,
    schemas.classes_type: _classes,
}
