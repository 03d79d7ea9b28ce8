"""The instances of each model for its servers: with pydantic, and as the rows that the estimator was fitted on.

MODEL_NAME is the model's name. Each class is what a user would write for the features of one model.
"""

import os

import numpy as np
from pydantic import BaseModel


class OneNumber(BaseModel):
    bmi: float

    @staticmethod
    def rows(instances):
        return np.array([[row.bmi] for row in instances])


class TenNumbers(BaseModel):
    x0: float
    x1: float
    x2: float
    x3: float
    x4: float
    x5: float
    x6: float
    x7: float
    x8: float
    x9: float

    @staticmethod
    def rows(instances):
        return np.array(
            [[row.x0, row.x1, row.x2, row.x3, row.x4, row.x5, row.x6, row.x7, row.x8, row.x9] for row in instances]
        )


class Patient(BaseModel):
    age: float | None = None
    weight: float | None = None
    pulse: float | None = None
    visits: float | None = None
    income: float | None = None
    ward: str | None = None
    insurance: str | None = None
    referral: str | None = None

    @staticmethod
    def rows(instances):
        import pandas as pd  # only for models that were fitted on a data frame

        return pd.DataFrame({name: [getattr(row, name) for row in instances] for name in Patient.model_fields})


Instance = {"linear": OneNumber, "forest": TenNumbers, "boosting": TenNumbers, "pipeline": Patient}[
    os.environ.get("MODEL_NAME", "linear")
]
