"""Writes MODEL's estimator in MLflow's own format: `python prepare.py FOLDER`."""

import os
import shutil
import sys

import joblib
import mlflow.sklearn

# The default format, skops, loads known classes only, and trees are not among them.
SERIALIZATION = "skops" if os.environ.get("MODEL_NAME", "linear") == "linear" else "cloudpickle"

shutil.rmtree(sys.argv[1], ignore_errors=True)
mlflow.sklearn.save_model(joblib.load(os.environ["MODEL"]), sys.argv[1], serialization_format=SERIALIZATION)
