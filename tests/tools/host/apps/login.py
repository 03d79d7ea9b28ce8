"""An app with the routes that the banner's commands call."""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def json_response(**members: object) -> func.HttpResponse:
    """Return a JSON response."""
    return func.HttpResponse(json.dumps(members, separators=(",", ":")), mimetype="application/json")


@app.route("token", methods=["POST"])
async def token(req: func.HttpRequest) -> func.HttpResponse:
    return json_response(access_token=f"{req.form['username']}:{req.form['password']}", token_type="Bearer")


@app.route("predict", methods=["POST"])
async def predict(req: func.HttpRequest) -> func.HttpResponse:
    return json_response(bearer=req.headers["authorization"], body=req.get_json())


@app.route("docs", methods=["GET"])
async def docs(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("")
