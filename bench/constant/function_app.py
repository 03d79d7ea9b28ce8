"""The floor: an async function that returns a constant, through the same host."""

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("predict", methods=["POST"])
async def predict(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(b'{"predictions":[210.8]}', mimetype="application/json")
