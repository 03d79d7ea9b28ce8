"""The model in LitServe: one worker process, no login. `python app.py PORT`."""

import os
import sys

import joblib
import litserve
import numpy as np


def number(instances):
    return np.array([[instance["bmi"]] for instance in instances])


def ten_numbers(instances):
    return np.array([[instance[f"x{i}"] for i in range(10)] for instance in instances])


def frame(instances):
    import pandas as pd  # only for a model that was fitted on a data frame

    return pd.DataFrame(instances)


ROWS = {"linear": number, "forest": ten_numbers, "boosting": ten_numbers, "pipeline": frame}


class Regression(litserve.LitAPI):
    def setup(self, device):
        self.estimator = joblib.load(os.environ["MODEL"])
        self.rows = ROWS[os.environ.get("MODEL_NAME", "linear")]

    def decode_request(self, request):
        return self.rows(request["instances"])

    def predict(self, rows):
        return self.estimator.predict(rows)

    def encode_response(self, values):
        return {"predictions": values.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Regression(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
