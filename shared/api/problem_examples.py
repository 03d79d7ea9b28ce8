"""An example of every problem for the OpenAPI document, from the code that raises and renders the real one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from shared.api.endpoint import MAX_BODY_BYTES, render
from shared.api.routes import Route
from shared.auth import grants
from shared.model import schemas, validation
from shared.model.manifest import Manifest
from shared.problems import (
    GrantRefused,
    InsufficientScope,
    InvalidInstances,
    MalformedJson,
    Problem,
    TooLarge,
    TooManyInstances,
    TooManyLogins,
    UnsupportedMediaType,
)
from shared.settings import Settings

REQUEST_ID = "4bf92f3577b34da6a3ce929d0e0e4736"  # from the W3C's own example
RETRY_SECONDS = 8


class Context(NamedTuple):
    """What an example may depend on."""

    route: Route
    manifest: Manifest
    settings: Settings


def examples(problems: Iterable[type[Problem]], context: Context) -> dict[str, Any]:
    """Return OpenAPI's examples of problems, by slug."""
    return {
        problem.slug: {"summary": problem.title, "value": _rendered(_raised(problem, context), context.route)}
        for problem in problems
    }


def _raised(problem: type[Problem], context: Context) -> Problem:
    """Return a problem with the detail of a usual mistake; with the title where each mistake has the same detail."""
    make = USUAL.get(problem)
    return make(context) if make else problem()


def _rendered(problem: Problem, route: Route) -> Any:
    return msgspec.json.decode(render(problem, route.path, REQUEST_ID, oauth=route.oauth).body)


def _malformed(context: Context) -> Problem:
    return _refused(b'{"instances":[{%s:NaN}]}' % msgspec.json.encode(context.manifest.features[0].name), context)


def _invalid(context: Context) -> Problem:
    """Return the problem of the first golden example with an object in place of the first feature's value."""
    golden = context.manifest.examples[0].instance if context.manifest.examples else {}
    instance: dict[str, Any] = {**golden, context.manifest.features[0].name: {}}
    return _refused(msgspec.json.encode({"instances": [instance]}), context)


def _too_many(context: Context) -> Problem:
    return _refused(msgspec.json.encode({"instances": [{}] * (schemas.MAX_INSTANCES + 1)}), context)


def _refused(body: bytes, context: Context) -> Problem:
    """Return the problem of a body that is not valid."""
    try:
        validation.raise_invalid(body, context.manifest.features, schemas.MAX_INSTANCES)
    except Problem as problem:
        return problem


def _too_large(context: Context) -> Problem:
    kind, limit = ("A token request", grants.MAX_BYTES) if context.route.oauth else ("The body", MAX_BODY_BYTES)
    return TooLarge(f"{kind} may have {limit} bytes")


def _unsupported(context: Context) -> Problem:
    return UnsupportedMediaType(f"Send {' or '.join(context.route.accepts)} in UTF-8, and not text/plain")


USUAL: Mapping[type[Problem], Callable[[Context], Problem]] = {
    MalformedJson: _malformed,
    InvalidInstances: _invalid,
    TooManyInstances: _too_many,
    TooLarge: _too_large,
    UnsupportedMediaType: _unsupported,
    InsufficientScope: lambda context: InsufficientScope(context.settings.oidc_required_scope),
    GrantRefused: lambda _: GrantRefused("Missing: password"),
    TooManyLogins: lambda _: TooManyLogins(RETRY_SECONDS),
}
"""Problem → its example, where that has more than a title."""
