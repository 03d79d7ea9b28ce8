"""The OpenAPI 3.1 document: the endpoints' declarations and the manifest, put into words."""

import re
from collections.abc import Callable, Mapping, Sequence
from inspect import isfunction
from typing import Any

import msgspec
from msgspec import Struct

from shared import schemas, settings
from shared.auth import oidc
from shared.endpoint import PROBLEM_JSON, Declaration
from shared.manifest import Example, Manifest
from shared.problems import InsufficientScope, InvalidToken, Problem, TooLarge, Unauthorized, UnsupportedMediaType
from shared.settings import Settings

REFERENCE = "#/components/schemas/{name}"
REQUEST_ID = "4bf92f3577b34da6a3ce929d0e0e4736"  # of the W3C's own example
HEADERS: Mapping[str, Any] = {
    "X-Request-Id": {
        "description": "The trace's operation id: quote it when you ask",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "X-Content-Type-Options": {"required": True, "schema": {"type": "string", "enum": ["nosniff"]}},
}
CHALLENGE: Mapping[str, Any] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
LATER: Mapping[str, Any] = {
    "Retry-After": {"description": "Seconds", "required": True, "schema": {"type": "integer", "minimum": 1}}
}
MORE_HEADERS = {401: CHALLENGE, 403: CHALLENGE, 429: LATER, 503: LATER}
"""What problems of a status carry beside HEADERS."""


class BadFieldBody(Struct):
    """One bad member of the request body."""

    pointer: str
    """JSON pointer into the body."""
    detail: str


class ProblemBody(Struct, omit_defaults=True, rename={"kind": "type"}):
    """An error (RFC 9457)."""

    kind: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[BadFieldBody] = []


class TokenProblemBody(ProblemBody, kw_only=True, rename={"kind": "type"}):
    """A refused token request: RFC 6749 §5.2 beside the members of every error."""

    error: str
    error_description: str


def document(endpoints: Sequence[Declaration], of: Manifest) -> bytes:
    """The document as JSON, for the model that `of` describes."""
    types = _types(endpoints, of)
    found, components = msgspec.json.schema_components(types.values(), ref_template=REFERENCE)
    schema = dict(zip(types, found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    told = settings.current()
    for each in endpoints:
        if not each.listed or (each.oauth and not told.local_tokens):
            continue
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schema, of, told)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": of.name, "version": of.version, "description": of.description},
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {"schemas": components, "securitySchemes": _schemes(told)},
        }
    )


def _types(endpoints: Sequence[Declaration], of: Manifest) -> dict[Any, Any]:
    """What endpoints declare → its type, each made once: a name stands for one type in a document."""
    declared = [
        kind for each in endpoints for kind in (each.takes, each.gives, *each.otherwise.values()) if kind is not None
    ]
    made = {kind: kind(of) if isfunction(kind) else kind for kind in declared}
    return {**made, ProblemBody: ProblemBody, TokenProblemBody: TokenProblemBody}


def _operation(each: Declaration, schema: Mapping[Any, Any], of: Manifest, told: Settings) -> dict[str, Any]:
    summary, _, description = each.doc.partition("\n")
    operation: dict[str, Any] = {"operationId": each.name, "summary": summary, "description": description.strip()}
    if names := re.findall(r"\{(\w+)\}", each.path):
        operation["parameters"] = [_parameter(name) for name in names]
    if each.guard is not None:
        operation["security"] = _alternatives(told)
    if each.takes is not None:
        content = {"schema": schema[each.takes], **_request_examples(each, of)}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(each.media_types, content)}
    answers = {"200": _success(each, schema, of), **_problems(each, schema, told), **_otherwise(each, schema)}
    operation["responses"] = dict(sorted(answers.items()))
    return operation


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _success(each: Declaration, schema: Mapping[Any, Any], of: Manifest) -> dict[str, Any]:
    content = {"schema": schema[each.gives], **_answer_example(each, of)}
    return {"description": "The answer", "headers": HEADERS, "content": {each.answers: content}}


def _otherwise(each: Declaration, schema: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(status): {
            "description": "The answer",
            "headers": HEADERS,
            "content": {each.answers: {"schema": schema[kind]}},
        }
        for status, kind in each.otherwise.items()
    }


def _problems(each: Declaration, schema: Mapping[Any, Any], told: Settings) -> dict[str, Any]:
    """Every problem that the endpoint or its frame can answer, by status."""
    own: list[type[Problem]] = [*each.problems, *((Unauthorized, InvalidToken) if each.guard else ())]
    own += [InsufficientScope] if each.guard and told.oidc_required_scope else []
    framed: list[type[Problem]] = [TooLarge, UnsupportedMediaType] if each.takes is not None else []
    possible: set[type[Problem]] = {*own, *framed, Problem}
    by_status: dict[int, list[type[Problem]]] = {}
    for kind in sorted(possible, key=lambda kind: (kind.status, kind.slug)):
        by_status.setdefault(kind.status, []).append(kind)
    body = schema[TokenProblemBody if each.oauth else ProblemBody]
    media_type = each.answers if each.oauth else PROBLEM_JSON
    return {
        str(status): {
            "description": " or ".join(kind.title for kind in kinds),
            "headers": {**HEADERS, **MORE_HEADERS.get(status, {})},
            "content": {media_type: {"schema": body}},
        }
        for status, kinds in by_status.items()
    }


def _request_examples(each: Declaration, of: Manifest) -> dict[str, Any]:
    if each.takes is not schemas.request_type:
        return {}
    return {"example": {"instances": [example.instance for example in of.examples]}}


def _answer_example(each: Declaration, of: Manifest) -> dict[str, Any]:
    """What the golden examples answer, for the two endpoints that take instances."""
    members = EXAMPLES.get(each.gives)
    if members is None or (each.gives is schemas.classes_type and not of.output.classes):
        return {}
    model = {"name": of.name, "version": of.version}
    return {"example": {"model": model, **members(of), "warnings": [], "request_id": REQUEST_ID}}


def _predicted(of: Manifest) -> dict[str, Any]:
    return {"predictions": [example.prediction for example in of.examples]}


def _classified(of: Manifest) -> dict[str, Any]:
    def each(member: Callable[[Example], Any]) -> list[Any]:
        return [member(example) for example in of.examples]

    if of.kind == "regressor":
        return {"predictions": each(lambda one: one.class_), "values": each(lambda one: one.prediction)}
    more = {"probabilities": each(lambda one: one.probabilities)} if of.output.probabilities else {}
    return {"predictions": each(lambda one: one.prediction), **more}


EXAMPLES: Mapping[Any, Callable[[Manifest], dict[str, Any]]] = {
    schemas.predictions_type: _predicted,
    schemas.classes_type: _classified,
}


def _schemes(told: Settings) -> dict[str, Any]:
    """The ways to get a token and to show it."""
    password = {"flows": {"password": {"tokenUrl": "/token", "scopes": {}}}}
    schemes: dict[str, Any] = {
        "password": {"type": "oauth2", "description": "Log in with a name and a password", **password},
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token that you have"},
        "issuer": {"type": "openIdConnect", "openIdConnectUrl": oidc.discovery_url(told.oidc_issuer)},
    }
    return {name: schemes[name] for each in _alternatives(told) for name in each}


def _alternatives(told: Settings) -> list[dict[str, list[str]]]:
    """What lets a caller in, each by itself: of several required scopes one is enough."""
    own: list[dict[str, list[str]]] = [{"password": []}] if told.local_tokens else []
    scopes = told.oidc_required_scope.split()
    others: list[dict[str, list[str]]] = [{"issuer": [scope]} for scope in scopes] or [{"issuer": []}]
    return [*own, {"bearer": []}, *(others if told.oidc_issuer else ())]
