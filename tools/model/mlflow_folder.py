"""Models that MLflow saved: a folder whose file MLmodel names the estimator's file. MLflow itself is not needed."""

from pathlib import Path
from typing import Any

from tools.model.refused import Refused, one_line

DESCRIPTION = "MLmodel"
OWN_LOADER = "mlflow.sklearn"


def model_file(folder: Path) -> Path:
    """Return the file of the estimator in an MLflow folder. Raises Refused."""
    flavors = _flavors(folder)
    python = flavors.get("python_function", {})
    name = flavors.get("sklearn", {}).get("pickled_model")
    if not name and python.get("loader_module") == OWN_LOADER:
        name = python.get("model_path")
    if not isinstance(name, str):
        raise Refused(
            f"{folder.name} is an MLflow model without an estimator of scikit-learn; it has: {', '.join(flavors)}. "
            "Load it with MLflow, and save its estimator with joblib.dump."
        )
    return folder / name


def _flavors(folder: Path) -> dict[str, Any]:
    """Return the flavors in MLmodel: name → their members. Raises Refused."""
    import yaml

    try:
        described = yaml.safe_load((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return {name: members or {} for name, members in described["flavors"].items()}
    except OSError as error:
        raise Refused(f"{folder} is a folder without the file MLmodel of MLflow: name the model's file.") from error
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise Refused(f"MLmodel in {folder.name} cannot be read: {one_line(error)}") from error
