"""A pipeline on a data frame with gaps: imputers, one-hot encoding, a forest."""

from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

here = Path(__file__).parent
patients = pd.read_csv(here / "stay.csv")
days = patients.pop("days")

texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
columns = ColumnTransformer([("numbers", SimpleImputer(), ["age", "bmi"]), ("texts", texts, ["ward"])])
model = make_pipeline(columns, RandomForestRegressor(min_samples_leaf=5, random_state=0))

joblib.dump(model.fit(patients, days), here / "stay.joblib")
