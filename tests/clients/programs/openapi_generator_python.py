"""Use openapi-generator's Python package `client`: arguments are a URL and the rows; prints what it received."""

import json
import sys

from client import ApiClient, ApiException, Configuration, DefaultApi, Instances, ProblemDetails, TokenProblemDetails

url, rows = sys.argv[1], json.loads(sys.argv[2])


def api(access_token: str | None = None) -> DefaultApi:
    return DefaultApi(ApiClient(Configuration(host=url, access_token=access_token)))


def body(key: str) -> Instances:
    return Instances.from_dict({"instances": rows[key]})


def wrong_password() -> str:
    try:
        api().token("abi", "wrong")
    except ApiException as error:
        return TokenProblemDetails.from_json(error.body).error
    raise AssertionError("a wrong password was accepted")


authorized = api(api().token("abi", "password").access_token)
received = {
    "ready": authorized.health_ready().status,
    "features": [feature.actual_instance.name for feature in authorized.model().features],
    "one": authorized.predict(body("one")).predictions,
    "two": authorized.predict(body("two")).predictions,
    "classes": authorized.predict_class(body("two")).predictions,
    "wrong password": wrong_password(),
}
try:
    authorized.predict(body("bad"))
except ApiException as error:
    problem = ProblemDetails.from_json(error.body)
    received |= {"status": error.status, "pointers": [field.pointer for field in problem.errors]}
print(json.dumps(received))
