"""Models for the tests of the pages: a line with one feature, and a classifier with five."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tools.model import adopt

PATIENTS = 400

type Labels = np.ndarray[tuple[int], np.dtype[np.str_]]


def adopt_line(folder: Path) -> None:
    """Write the model y = 200x + 150 for x from -0.1 to 0.2, with class edges and published points."""
    rows = pd.DataFrame({"x": np.linspace(-0.1, 0.2, 61)})
    y = 200 * rows["x"] + 150
    adopt(
        LinearRegression().fit(rows.to_numpy(), y),
        rows,
        y,
        name="line",
        description="A line, for the tests.",
        target="y",
        labels={"x": "Body mass index", "y": "Progression"},
        units={"y": "points"},
        help={"x": "0 is the average"},
        edges=(140.0, 160.0),
        examples=[{"x": 0.0617}],
        publish_points=True,
        folder=folder,
    )


def adopt_classifier(folder: Path) -> None:
    """Write a classifier with three classes and five features of both kinds, with special characters in the names."""
    frame, labels = create_patients()
    categories = ["smoker?", "ward"]
    encode = ColumnTransformer([("categories", OneHotEncoder(), categories)], remainder=StandardScaler())
    adopt(
        make_pipeline(encode, LogisticRegression()).fit(frame, labels),
        frame,
        labels,
        name="triage",
        target="where",
        labels={"where": "Where the patient goes"},
        units={"age": "years"},
        folder=folder,
    )


def create_patients() -> tuple[pd.DataFrame, Labels]:
    """Return invented patients and their stay: older, heavier and smoking patients stay longer."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, PATIENTS),
            "body mass/index": random.normal(26, 4, PATIENTS).round(1),
            "blood~pressure": random.normal(120, 15, PATIENTS).round(),
            "smoker?": random.choice(["yes", "no"], PATIENTS),
            "ward": random.choice(["cardiology", "surgery", "geriatrics"], PATIENTS),
        }
    )
    score = (frame["age"] - 50) / 15 + (frame["body mass/index"] - 26) / 5 + (frame["smoker?"] == "yes")
    return frame, np.select([score < -0.5, score < 1.5], ["home", "short stay"], "long stay")


def adopt_stay(folder: Path) -> None:
    """Write a regressor with a boolean that is required, one that may be missing, an open category and free text."""
    random = np.random.default_rng(9)
    rows = pd.DataFrame({"smokes": random.random(PATIENTS) < 0.5, "insured": random.random(PATIENTS) < 0.5})
    rows["ward"] = random.choice(["cardiology", "surgery"], PATIENTS)
    rows["note"] = [" ".join(words) for words in random.choice(["pain", "fever", "cough", "rash"], (PATIENTS, 5))]
    days = 3.0 + 2 * rows["smokes"]
    rows["insured"] = rows["insured"].astype(float).mask(random.random(PATIENTS) < 0.2).map({1.0: True, 0.0: False})
    fill = ("insured", SimpleImputer(strategy="most_frequent"), ["insured"])
    encode = ("ward", OneHotEncoder(handle_unknown="ignore"), ["ward"])
    columns = ColumnTransformer([fill, encode, ("note", CountVectorizer(), "note")], remainder="passthrough")
    model = make_pipeline(columns, LinearRegression()).fit(rows, days)
    adopt(model, rows, days, name="stay", target="days", folder=folder)
