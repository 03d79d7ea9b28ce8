"""Use openapi-python-client's package `client`: arguments are a URL and the rows; prints what it received."""

import json
import sys

from client import AuthenticatedClient, Client
from client.api.default import health_ready, model, predict, predict_class, token
from client.models import Instances, PasswordGrant, ProblemDetails

url, rows = sys.argv[1], json.loads(sys.argv[2])
granted = token.sync(client=Client(url), body=PasswordGrant("abi", "password"))
client = AuthenticatedClient(url, granted.access_token)


def body(key: str) -> Instances:
    return Instances.from_dict({"instances": rows[key]})


refused = predict.sync_detailed(client=client, body=body("bad"))
assert isinstance(refused.parsed, ProblemDetails)
received = {
    "ready": health_ready.sync(client=client).status,
    "features": [feature.name for feature in model.sync(client=client).features],
    "one": predict.sync(client=client, body=body("one")).predictions,
    "two": predict.sync(client=client, body=body("two")).predictions,
    "classes": predict_class.sync(client=client, body=body("two")).predictions,
    "status": refused.status_code,
    "pointers": [field.pointer for field in refused.parsed.errors],
    "wrong password": token.sync(client=Client(url), body=PasswordGrant("abi", "wrong")).error,
}
print(json.dumps(received))
