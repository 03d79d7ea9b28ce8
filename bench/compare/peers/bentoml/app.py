"""The model as a BentoML service: one worker, no login."""

import os

import bentoml
import joblib
import numpy as np
from pydantic import BaseModel


class Instance(BaseModel):
    bmi: float


@bentoml.service(workers=1)
class Regression:
    def __init__(self) -> None:
        self.estimator = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def predict(self, instances: list[Instance]) -> dict[str, list[float]]:
        rows = np.array([[instance.bmi] for instance in instances])
        return {"predictions": self.estimator.predict(rows).tolist()}
