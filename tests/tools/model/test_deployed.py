import subprocess
import sys

from shared.model.manifest import APP
from tools.model import deployed


def test_the_lock_says_which_packages_are_deployed() -> None:
    found = deployed.packages()

    assert {"sklearn", "joblib", "numpy", "pandas", "msgspec", "json", "google"} <= found
    assert not {"pytest", "hypothesis", "mypy", "httpx", "tools", "tests", *deployed.CONVERTER} & found


def test_a_restricted_process_finds_deployed_modules_only() -> None:
    modules = ["sklearn.linear_model", "json", "shared.model.manifest", "pytest", "tests", "bench"]
    ask = f"print([name for name in {modules} if find_spec(name)])"
    start = f"from tools.model import deployed; from importlib.util import find_spec; deployed.restrict(); {ask}"

    ended = subprocess.run(
        [sys.executable, "-c", start], cwd=APP, capture_output=True, text=True, check=True, timeout=50
    )

    assert ended.stdout == "['sklearn.linear_model', 'json', 'shared.model.manifest']\n"


def test_names_of_packages_are_compared_as_the_index_does() -> None:
    assert deployed.normal("Opencensus_ext.Azure") == "opencensus-ext-azure"
