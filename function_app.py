"""Every route of the service: declare, call one module, answer.

Importing this must never fail for a bad setting or a missing model: in Azure all functions would vanish without a
word. `/health/ready` says what is wrong instead.
"""

from typing import Any

import azure.functions as func

from shared import auth, health, manifest, offload, openapi, pages, schemas, scoring, settings, started, telemetry
from shared.endpoint import FORM, HTML, JSON, Answer, Call, Declaration, declared, endpoint
from shared.model import served
from shared.problems import ModelUnavailable, NoClasses, NotFound

telemetry.configure(settings.current(), started.facts)
served.preload()  # in the background, while the host makes ready for the first request
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)  # bearer tokens are the lock, not function keys


@endpoint(
    app,
    Declaration(
        "POST",
        "token",
        takes=auth.PasswordGrant,
        media_types=(FORM, JSON),
        gives=auth.TokenAnswer,
        problems=auth.LOGIN_PROBLEMS,
        oauth=True,
    ),
)
async def token(call: Call) -> Answer:
    """Log in: a name and a password for a bearer token."""
    granted = await auth.login(call.body, call.media_type, call.headers.get("x-forwarded-for", ""))
    return Answer(granted, headers={"Cache-Control": "no-store"})


@endpoint(
    app,
    Declaration(
        "POST",
        "predict",
        guard=auth.guard,
        takes=schemas.request_type,
        gives=schemas.predictions_type,
        problems=scoring.PROBLEMS,
    ),
)
async def predict(call: Call) -> Answer:
    """Predict: a number, or a classifier's label, for every instance."""
    return Answer(await scoring.predict(call.body, call.request_id))


@endpoint(
    app,
    Declaration(
        "POST",
        "predict_class",
        guard=auth.guard,
        takes=schemas.request_type,
        gives=schemas.classes_type,
        problems=(*scoring.PROBLEMS, NoClasses),
    ),
)
async def predict_class(call: Call) -> Answer:
    """Classify: a class for every instance, with the value or the probabilities behind it."""
    return Answer(await scoring.predict_class(call.body, call.request_id))


@endpoint(app, Declaration("GET", "model", gives=manifest.Manifest, problems=(ModelUnavailable,)))
async def model(call: Call) -> Answer:
    """The manifest: what is known of the model."""
    return Answer(manifest.content())


@endpoint(app, Declaration("GET", "openapi.json", gives=dict[str, Any], problems=(ModelUnavailable,)))
async def openapi_json(call: Call) -> Answer:
    """This document."""
    return Answer(await offload.run(openapi.document, declared(app), manifest.current()))


@endpoint(app, Declaration("GET", "health/live", gives=health.Health))
async def health_live(call: Call) -> Answer:
    """The process is up."""
    return Answer(*health.answer(health.live()))


@endpoint(app, Declaration("GET", "health/ready", gives=health.Health, otherwise={503: health.Health}))
async def health_ready(call: Call) -> Answer:
    """Whether the service takes traffic, and if not why."""
    return Answer(*health.answer(await health.ready()))


@endpoint(app, Declaration("GET", "{ignored:maxlength(0)?}", gives=str, answers=HTML, listed=False))
async def home(call: Call) -> Answer:
    """The front page."""
    return await pages.home(declared(app), call.headers)


@endpoint(app, Declaration("GET", "docs", gives=str, answers=HTML, listed=False))
async def docs(call: Call) -> Answer:
    """The page to read and try the API on."""
    return await pages.docs(call.headers)


@endpoint(app, Declaration("GET", "assets/{*path}", gives=str, answers=HTML, problems=(NotFound,), listed=False))
async def assets(call: Call) -> Answer:
    """What the pages load."""
    return await pages.asset(call.path_params.get("path", ""), call.headers)
