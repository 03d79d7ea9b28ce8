"""A function that waits as for a feature store: 50 ms in which the processor does nothing."""

import asyncio

import azure.functions as func

WAIT_SECONDS = 0.050

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("predict", methods=["POST"])
async def predict(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(WAIT_SECONDS)
    return func.HttpResponse(b'{"predictions":[210.8]}', mimetype="application/json")
