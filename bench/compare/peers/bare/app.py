"""The floor of HTTP and JSON: decode with msgspec, predict, encode, and nothing else. No login, no checks, no telemetry.

With COEFFICIENTS, a manifest, numpy alone predicts; without it MODEL's estimator is loaded, and scikit-learn with it.
`python app.py SECONDS ROWS...` works on batches without HTTP, and prints one JSON object: rows → rows per second.
"""

import os
import sys
import time
from pathlib import Path

import msgspec
import numpy as np


class Row(msgspec.Struct, gc=False):
    bmi: float


class Body(msgspec.Struct, gc=False):
    instances: list[Row]


class Response(msgspec.Struct, gc=False):
    predictions: list[float]


def predictor():
    if path := os.environ.get("COEFFICIENTS"):
        linear = msgspec.json.decode(Path(path).read_bytes())["artifact"]["linear"]
        slope, intercept = linear["weights"][0], linear["intercept"]
        return lambda rows: rows[:, 0] * slope + intercept
    import joblib

    return joblib.load(os.environ["MODEL"]).predict


predict = predictor()
decode = msgspec.json.Decoder(Body).decode
encode = msgspec.json.Encoder().encode


def respond(body):
    """Return the body of the response: the whole work on one request."""
    rows = decode(body).instances
    values = np.fromiter((row.bmi for row in rows), dtype=float, count=len(rows))
    return encode(Response(predict(values.reshape(-1, 1)).tolist()))


async def app(scope, receive, send):
    body, unfinished = b"", True
    while unfinished:
        message = await receive()
        body += message.get("body", b"")
        unfinished = message.get("more_body", False)
    content = respond(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def rate(rows, seconds):
    body = encode({"instances": [{"bmi": 0.0617}] * rows})
    respond(body)
    done, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        respond(body)
        done += rows
    return done / elapsed


if __name__ == "__main__":
    print(encode({rows: rate(int(rows), float(sys.argv[1])) for rows in sys.argv[2:]}).decode())
