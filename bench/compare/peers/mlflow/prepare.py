"""Writes MODEL's estimator in MLflow's own format: `python prepare.py FOLDER`."""

import os
import shutil
import sys

import joblib
import mlflow.sklearn

shutil.rmtree(sys.argv[1], ignore_errors=True)
mlflow.sklearn.save_model(joblib.load(os.environ["MODEL"]), sys.argv[1])
