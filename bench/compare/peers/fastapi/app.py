"""A service as it is often written by hand with FastAPI: a bearer token checked by PyJWT, pydantic models, joblib.

The model is loaded by the first request that needs it. `/predict` has an async endpoint, `/predict_sync` one that
FastAPI runs in its thread pool.
"""

import os
from functools import lru_cache
from typing import Annotated

import joblib
import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from instances import Instance
from pydantic import BaseModel, Field

app = FastAPI()
bearer = HTTPBearer()


class Instances(BaseModel):
    instances: list[Instance] = Field(min_length=1, max_length=10_000)


class Predictions(BaseModel):
    predictions: list[float]


def caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    try:
        return jwt.decode(credentials.credentials, os.environ["TOKEN_KEY"], algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError:
        raise HTTPException(401, "The token is not valid") from None


async def async_caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    return caller(credentials)


@lru_cache(maxsize=1)
def estimator():
    return joblib.load(os.environ["MODEL"])


def respond(request: Instances) -> Predictions:
    rows = Instance.rows(request.instances)
    return Predictions(predictions=estimator().predict(rows).tolist())


@app.post("/predict")
async def predict(request: Instances, user: Annotated[str, Depends(async_caller)]) -> Predictions:
    return respond(request)


@app.post("/predict_sync")
def predict_sync(request: Instances, user: Annotated[str, Depends(caller)]) -> Predictions:
    return respond(request)
