"""Writes the slope and the intercept of MODEL's estimator: `python prepare.py FILE`."""

import os
import sys

import joblib
import numpy as np

estimator = joblib.load(os.environ["MODEL"])
np.savetxt(sys.argv[1], [*estimator.coef_, estimator.intercept_], fmt="%.17g")
