"""An app with a function for each behaviour of the host."""

import asyncio
import contextvars
import json
import logging
import sys

import azure.functions as func
import azure_functions_runtime

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: contextvars.ContextVar[str | None] = contextvars.ContextVar("seen", default=None)


def json_response(**members: object) -> func.HttpResponse:
    """Return a JSON response."""
    return func.HttpResponse(json.dumps(members, separators=(",", ":")), mimetype="application/json")


@app.route("{ignored:maxlength(0)?}", methods=["GET"])
async def home(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("home")


@app.route("pets/cat")
async def B_literal(req: func.HttpRequest) -> func.HttpResponse:  # noqa: N802 - a test is about the case
    return func.HttpResponse("B_literal")


@app.route("pets/{name}")
async def a_pattern(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("a_pattern")


@app.route("sorted/{x}")
async def order_(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("order_")


@app.route("sorted/{x}")
async def orderly(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("orderly")


@app.route("items/{id:int}")
async def c_number(req: func.HttpRequest) -> func.HttpResponse:
    return json_response(function="c_number", **req.route_params)


@app.route("items/{name:alpha}")
async def d_name(req: func.HttpRequest) -> func.HttpResponse:
    return json_response(function="d_name", **req.route_params)


@app.route("files/{*path}")
async def files(req: func.HttpRequest) -> func.HttpResponse:
    return json_response(**req.route_params)


@app.route("page/{number:min(1)?}")
async def page(req: func.HttpRequest) -> func.HttpResponse:
    return json_response(**req.route_params)


@app.route("unnamed", methods=["PUT"])
async def put(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("put")


@app.route()
async def bare(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("bare")


@app.route("echo")
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), mimetype="application/octet-stream")


@app.route("request")
async def request(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    before = seen.get()
    seen.set("an earlier request")
    return json_response(
        method=req.method,
        url=req.url,
        headers=dict(req.headers),
        params=dict(req.params),
        body=len(req.get_body()),
        traceparent=context.trace_context.Traceparent,
        tracestate=context.trace_context.Tracestate,
        before=before,
        invocation_id=context.invocation_id,
        variable=azure_functions_runtime.invocation_id_cv.get(),
    )


@app.route("sync")
def sync(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return json_response(body=req.get_body().decode(), variable=azure_functions_runtime.invocation_id_cv.get())


@app.route("status/{code:int}")
async def status(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("gone", status_code=int(req.route_params["code"]))


@app.route("headed", methods=["GET", "HEAD"])
async def headed(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("four", headers={"X-Method": req.method, "Content-Length": "99"})


@app.route("cookies")
async def cookies(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"Set-Cookie": "id=1; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"}
    return func.HttpResponse("", headers=headers)


@app.route("text")
async def text(req: func.HttpRequest) -> str:
    return "größer"


@app.route("raises")
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise LookupError("raised on purpose")


@app.route("raises_sync")
def raises_sync(req: func.HttpRequest) -> func.HttpResponse:
    raise LookupError("raised in a thread")


@app.route("none")
async def none(req: func.HttpRequest) -> func.HttpResponse:
    return None


@app.route("leaves")
async def leaves(req: func.HttpRequest) -> func.HttpResponse:
    sys.exit("left on purpose")


@app.route("cancelled")
async def cancelled(req: func.HttpRequest) -> func.HttpResponse:
    raise asyncio.CancelledError


@app.route("bad_header")
async def bad_header(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("", headers={"X-City": "Zürich"})


@app.route("logs")
async def logs(req: func.HttpRequest) -> func.HttpResponse:
    logging.getLogger("zoo").info("a line of the function")
    return func.HttpResponse("")
