"""What the banner's commands ask for."""

import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def told(**members: object) -> func.HttpResponse:
    """An answer that is JSON."""
    return func.HttpResponse(json.dumps(members, separators=(",", ":")), mimetype="application/json")


@app.route("token", methods=["POST"])
async def token(req: func.HttpRequest) -> func.HttpResponse:
    return told(access_token=f"{req.form['username']}:{req.form['password']}", token_type="Bearer")


@app.route("predict", methods=["POST"])
async def predict(req: func.HttpRequest) -> func.HttpResponse:
    return told(bearer=req.headers["authorization"], body=req.get_json())


@app.route("docs", methods=["GET"])
async def docs(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("")
