"""The floor of HTTP and JSON: decode with msgspec, predict, encode, and nothing else. No login, no checks, no telemetry.

With COEFFICIENTS, a file, numpy alone predicts; without it MODEL's estimator is loaded, and scikit-learn with it.
"""

import os

import msgspec
import numpy as np


class Row(msgspec.Struct, gc=False):
    bmi: float


class Body(msgspec.Struct, gc=False):
    instances: list[Row]


class Answer(msgspec.Struct, gc=False):
    predictions: list[float]


def straight_line(path):
    slope, intercept = np.loadtxt(path)
    return lambda rows: rows[:, 0] * slope + intercept


def predictor():
    if path := os.environ.get("COEFFICIENTS"):
        return straight_line(path)
    import joblib

    return joblib.load(os.environ["MODEL"]).predict


predict = predictor()
decode = msgspec.json.Decoder(Body).decode
encode = msgspec.json.Encoder().encode


def answered(body):
    """The whole work on one request: bytes in, bytes out."""
    rows = decode(body).instances
    values = np.fromiter((row.bmi for row in rows), dtype=float, count=len(rows))
    return encode(Answer(predict(values.reshape(-1, 1)).tolist()))


async def app(scope, receive, send):
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    content = answered(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})
