"""Every route of the service: a declaration, and one call.

Importing this must never fail for a bad setting or a missing model: in Azure all functions would disappear without an
error. `/health/ready` reports the cause instead.
"""

from typing import Any

import azure.functions as func

from shared.api.endpoint import Routes
from shared.api.health import Health
from shared.api.routes import FORM, HTML, JSON, Request, Response
from shared.auth import LOGIN_PROBLEMS, PasswordGrant, TokenResponse
from shared.model import schemas
from shared.model.public import PublicManifest
from shared.predict import PREDICT_PROBLEMS
from shared.problems import ModelUnavailable, NoClasses, NotFound
from shared.service import Service
from shared.settings import Settings

service = Service.from_settings(Settings.from_environment())
service.start()
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)  # bearer tokens are the lock, not function keys
routes = Routes(app, service.telemetry)


@routes.post(
    "token",
    request_model=PasswordGrant,
    accepts=(FORM, JSON),
    response_model=TokenResponse,
    problems=LOGIN_PROBLEMS,
    oauth=True,
)
async def token(request: Request) -> Response:
    """Exchange a name and a password for a bearer token."""
    body = await service.auth.login(request.body, request.media_type, request.headers.get("x-forwarded-for", ""))
    return Response(body, headers={"Cache-Control": "no-store"})


@routes.post(
    "predict",
    authorize=service.auth.authorize,
    request_model=schemas.instances_type,
    response_model=schemas.predictions_type,
    problems=PREDICT_PROBLEMS,
)
async def predict(request: Request) -> Response:
    """Predict a number, or a classifier's label, for every instance."""
    return Response(await service.predictor.predict(request.body, request.id))


@routes.post(
    "predict_class",
    authorize=service.auth.authorize,
    request_model=schemas.instances_type,
    response_model=schemas.classes_type,
    problems=(*PREDICT_PROBLEMS, NoClasses),
)
async def predict_class(request: Request) -> Response:
    """Predict a class for every instance, with the value or the probabilities behind it."""
    return Response(await service.predictor.predict_class(request.body, request.id))


@routes.get("model", response_model=PublicManifest, problems=(ModelUnavailable,))
async def model(request: Request) -> Response:
    """Return the model's public description: features, output, ranges, statistics and examples."""
    return Response(service.manifest_file.public)


@routes.get("openapi.json", response_model=dict[str, Any], problems=(ModelUnavailable,))
async def openapi_json(request: Request) -> Response:
    """Return this document."""
    return Response(await service.openapi.get(routes))


@routes.get("health/live", response_model=Health)
async def health_live(request: Request) -> Response:
    """Respond that the process is up."""
    return service.health.live()


@routes.get("health/ready", response_model=Health, other_responses={503: Health})
async def health_ready(request: Request) -> Response:
    """Report whether the service takes traffic, and if not, why."""
    return await service.health.ready()


@routes.get("{ignored:maxlength(0)?}", response_model=str, media_type=HTML, listed=False)
async def home(request: Request) -> Response:
    """Return the home page."""
    return await service.pages.home(routes, request.headers)


@routes.get("docs", response_model=str, media_type=HTML, listed=False)
async def docs(request: Request) -> Response:
    """Return the page to read and try the API on."""
    return await service.pages.docs(request.path, request.headers)


@routes.get("assets/{*path}", response_model=str, media_type=HTML, problems=(NotFound,), listed=False)
async def assets(request: Request) -> Response:
    """Return a file of the pages."""
    return await service.pages.asset(request.path_params.get("path", ""), request.headers)
