"""The model as a BentoML service: one worker, no login."""

import os

import bentoml
import joblib
from instances import Instance


@bentoml.service(workers=1)
class Regression:
    def __init__(self) -> None:
        self.estimator = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def predict(self, instances: list[Instance]) -> dict[str, list[float]]:
        return {"predictions": self.estimator.predict(Instance.rows(instances)).tolist()}
