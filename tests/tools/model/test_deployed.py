import subprocess
import sys

from shared.model.manifest import APP
from tools.model import deployed


def test_the_deployed_packages_are_those_of_the_lock() -> None:
    packages = deployed.packages()

    assert {"sklearn", "joblib", "numpy", "pandas", "msgspec", "json", "google", "typing_extensions"} <= packages
    assert not {"pytest", "hypothesis", "mypy", "httpx", "tools", "tests", "skl2onnx", "skops", "pyarrow"} & packages


def test_a_restricted_process_finds_only_deployed_modules() -> None:
    modules = ["sklearn.linear_model", "json", "shared.model.manifest", "pytest", "tests", "bench"]
    search = f"print([name for name in {modules} if find_spec(name)])"
    code = f"from tools.model import deployed; from importlib.util import find_spec; deployed.restrict(); {search}"

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=APP, capture_output=True, text=True, check=True, timeout=50
    )

    assert ended.stdout == "['sklearn.linear_model', 'json', 'shared.model.manifest']\n"
