"""The demo model: disease progression from body mass index, by simple linear regression.

Run it from the project's folder: `python -m model.train`. It is the example for a train.py of your own: train, then
`adopt`. The data is scikit-learn's own diabetes set (Efron, Hastie, Johnstone and Tibshirani, "Least Angle Regression",
2004): 442 patients, one row each.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

from shared.model.manifest import Manifest
from tools.model import adopt

HELD_OUT = 20  # the last rows
FEATURE = "bmi"
TARGET = "progression"


def train(folder: Path) -> Manifest:
    """Train the model, write it and its manifest into `folder`, and return the manifest."""
    patients = load_diabetes()
    bmi = patients.data[:, [patients.feature_names.index(FEATURE)]]
    progression = patients.target
    model = LinearRegression().fit(bmi[:-HELD_OUT], progression[:-HELD_OUT])
    return adopt(
        model,
        bmi[:-HELD_OUT],
        progression[:-HELD_OUT],
        name="slr",
        description="Disease progression one year after baseline from body mass index, by simple linear regression.",
        data="scikit-learn's diabetes data, all rows but the last 20",
        names=[FEATURE],
        target=TARGET,
        labels={FEATURE: "Body mass index", TARGET: "Disease progression one year after baseline"},
        units={FEATURE: "standardised (not kg/m²)"},
        help={FEATURE: "0 is the average of the training data; 27 is not a valid input"},
        edges=np.histogram(progression, bins=4)[1][:-1].tolist(),  # of all rows; the last edge only ends the picture
        examples=[{FEATURE: 0.0617}],
        held_out=(bmi[-HELD_OUT:], progression[-HELD_OUT:]),
        publish_points=True,  # the data is public
        folder=folder,
    )


if __name__ == "__main__":
    train(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
