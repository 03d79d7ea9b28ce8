"""Messages about modules and classes that a model file needs, and that are missing here or in the deployed service.

A module that is not found may be part of a package, or the owner's own. No advice installs a package by the name of a
module that nobody knows: another package may have that name.
"""

import re
from importlib.metadata import version
from pathlib import Path

from shared.model.manifest import APP
from tools.model import deployed

PACKAGES = {
    "catboost": "catboost",
    "category_encoders": "category-encoders",
    "dill": "dill",
    "feature_engine": "feature-engine",
    "imblearn": "imbalanced-learn",
    "interpret": "interpret",
    "lightgbm": "lightgbm",
    "mapie": "mapie",
    "mlxtend": "mlxtend",
    "pygam": "pygam",
    "skopt": "scikit-optimize",
    "skorch": "skorch",
    "sksurv": "scikit-survival",
    "statsmodels": "statsmodels",
    "xgboost": "xgboost-cpu",
}
"""Module → package, for packages that people's models use. Others are known only when they are installed."""


def not_found(path: Path, module: str) -> str:
    """Return the message about a module that cannot be imported here."""
    top = module.partition(".")[0]
    if top in deployed.packages():
        package = _package(top)
        return f"{path.name} needs {module}, which the installed {package} {version(package)} does not have."
    if top in PACKAGES or top in deployed.distributions():
        return (
            f'{path.name} needs the package {_package(top)}, which is not installed: add "{_package(top)}" to the '
            "group dev in pyproject.toml, then run make generate."
        )
    return (
        f"{path.name} needs the module {module}. It is neither beside the file, nor in the current folder, nor in the "
        f"project, nor in an installed package. If it is your own, put {top}.py beside the file, or move it into the "
        "folder model/ and train again. If it is part of a package, add that package to the group dev in "
        "pyproject.toml, then run make generate."
    )


def not_deployed(path: Path, module: str) -> str:
    """Return the message about a module that the service would not have, for a model that scikit-learn serves."""
    top = module.partition(".")[0]
    if top in deployed.distributions() and not _is_own(path, top):
        return (
            f"{path.name} is served by its own code, which needs the package {_package(top)}: add "
            f'"{_package(top)}" to dependencies in pyproject.toml, then run make generate.'
        )
    return (
        f"{path.name} needs your own module {module}: move it into the folder model/ "
        f"(model/{top}.py, imported as model.{top}), which is deployed, and train again."
    )


def of_the_script(path: Path, name: str) -> str:
    """Return the message about a class or function that only the training script had."""
    return (
        f"{path.name} needs {name} from the script that trained it: move it into a module in the folder model/ "
        "(such as model/steps.py, imported as model.steps), which is deployed, and train again."
    )


def name_in_the_script(error: str) -> str:
    """Return the name of a class or function that an error looks for in the training script, or an empty text."""
    found = re.search(r"Can't get attribute '([^']+)' on <module '(?:[\w.]+[.])?__main__'", error)
    return found[1] if found else ""


def folders(path: Path) -> tuple[Path, ...]:
    """Return the folders in which a model's own modules are looked for: beside it, the current one, the project."""
    beside = path.resolve().parent
    return beside, beside / "code", Path.cwd(), APP  # code: where MLflow puts them


def _is_own(path: Path, top: str) -> bool:
    return any((folder / f"{top}.py").is_file() or (folder / top / "__init__.py").is_file() for folder in folders(path))


def _package(top: str) -> str:
    """Return the package with the top-level name `top`, as pyproject.toml names it."""
    return PACKAGES.get(top) or deployed.distributions().get(top, [top])[0]
