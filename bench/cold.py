"""`python -m bench.cold`: cold starts, and what each thing that was done about them is worth.

From the start of the host's process to its first right prediction, with a token that was issued earlier: as it is,
with other ways to serve the model, with telemetry, and with one thing undone; in turn, on all cores. What it is worth
to load the model beforehand shows in a request that comes some seconds later: its own time. A first login, which
spends a bcrypt check, is measured apart. `import sklearn.linear_model` alone is what a service that loads scikit-learn
cannot be quicker than. Each is started once unmeasured: the first start of all fills the disk's cache. `--imports`
tells what importing function_app costs instead, package by package (`python -X importtime`).
"""

import argparse
import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from shared.manifest import APP

from bench import models
from bench.ingestion import ingestion, telling
from bench.serve import ROW, body, login, serving
from shared.auth.tokens import Tokens

VARIANT = APP / "bench" / "variant"
IMPORTED = re.compile(r"import time: +(\d+) \| +\d+ \| +([\w.]+)")
MOST_PACKAGES = 25
LATER_SECONDS = 3
NOTHING: Mapping[str, str] = {}

type Start = Callable[[], float]
type First = Callable[[str, str], None]
"""Asks something of a URL, with a token."""


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.cold", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--imports", action="store_true", help="tell what importing function_app costs instead")
    given = parser.parse_args()
    if given.imports:
        imports()
    else:
        starts_of_all(given.rounds)


def starts_of_all(rounds: int) -> None:
    """Start each once unmeasured, then measure them in turn."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        starts = cases(folder, telling(stack.enter_context(ingestion("healthy"))))
        for start in starts.values():
            start()
        tell([{name: start() for name, start in starts.items()} for _ in range(rounds)])


def cases(folder: Path, told: Mapping[str, str]) -> Mapping[str, Start]:
    """What is started, by name. `told` connects telemetry."""
    ways = {name: {"MODEL_MANIFEST": str(path)} for name, path in models.served(folder).items()}
    graph, fitted = ways.get("onnxruntime"), ways["scikit-learn"]
    on_demand = {"BENCH_VARIANT": "model on demand"}
    return {
        "the service": lambda: cold_start(APP),
        "model on demand": lambda: cold_start(VARIANT, on_demand),
        "telemetry on": lambda: cold_start(APP, told),
        "telemetry on, exporter at once": lambda: cold_start(VARIANT, {**told, "BENCH_VARIANT": "exporter at once"}),
        **({"onnxruntime": lambda: cold_start(APP, graph)} if graph else {}),
        "scikit-learn": lambda: cold_start(APP, fitted),
        "scikit-learn, model on demand": lambda: cold_start(VARIANT, {**fitted, **on_demand}),
        f"scikit-learn, asked {LATER_SECONDS} s later": lambda: later(APP, fitted),
        "the same, model on demand": lambda: later(VARIANT, {**fitted, **on_demand}),
        "first login": lambda: cold_start(APP, first=logged_in),
        "constant function": lambda: cold_start(APP / "bench" / "constant"),
        "import sklearn.linear_model alone": lambda: alone("import sklearn.linear_model"),
        "import onnxruntime alone": lambda: alone("import onnxruntime"),
    }


def later(app: Path, told: Mapping[str, str]) -> float:
    """Seconds that the first prediction takes of a process that is a few seconds old."""
    key, token = signed()
    with serving(app, {"TOKEN_KEY": key, "PYTHONDONTWRITEBYTECODE": "", **told}, pinned=False) as url:
        time.sleep(LATER_SECONDS)
        started = time.perf_counter()
        predicted(url, token)
        return time.perf_counter() - started


def signed() -> tuple[str, str]:
    """A token key, and a token that it signed."""
    key = secrets.token_hex(32)
    return key, Tokens([key], 900).issue("abi")


def cold_start(app: Path, told: Mapping[str, str] = NOTHING, first: First | None = None) -> float:
    """Seconds from the start of the process until `first`, else a prediction, is answered."""
    key, token = signed()
    settings = {"TOKEN_KEY": key, "PYTHONDONTWRITEBYTECODE": "", **told}
    started = time.perf_counter()
    with serving(app, settings, pinned=False) as url:
        (first or predicted)(url, token)
        return time.perf_counter() - started


def predicted(url: str, token: str) -> None:
    """Ask for one prediction. Raises RuntimeError for a wrong one."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{url}/predict", body([ROW]), headers)) as answer:  # noqa: S310
        if abs((found := json.load(answer)["predictions"])[0] - 210.8) > 0.01:
            raise RuntimeError(f"answered {found}")


def logged_in(url: str, token: str) -> None:
    """Log in, whatever token there is."""
    login(url)


def alone(statement: str) -> float:
    """Seconds of a process that does nothing else."""
    started = time.perf_counter()
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", statement], env=environ, check=True)
    return time.perf_counter() - started


def tell(rounds: list[dict[str, float]]) -> None:
    """Print each median with the least, the greatest, and how it compares with the service, round by round."""
    for name in rounds[0]:
        values = [each[name] * 1000 for each in rounds]
        ratio = statistics.median(each[name] / each["the service"] for each in rounds)
        spread = f"({min(values):.0f} to {max(values):.0f})"
        print(f"{name:34} {statistics.median(values):7.0f} ms  {spread:16} {ratio:6.2f} of the service")


def imports() -> None:
    """Print the packages that importing function_app loads, the slowest first: their own time, in milliseconds."""
    command = [sys.executable, "-X", "importtime", "-c", "import function_app"]
    subprocess.run(command, cwd=APP, capture_output=True, check=True)  # byte code is written
    said = subprocess.run(command, cwd=APP, capture_output=True, text=True, check=True).stderr
    own: Counter[str] = Counter()
    for microseconds, module in IMPORTED.findall(said):
        own[module.partition(".")[0]] += int(microseconds)
    print(f"all {own.total() / 1000:8.1f} ms")
    for package, microseconds in own.most_common(MOST_PACKAGES):
        print(f"{package:24} {microseconds / 1000:8.1f} ms")


if __name__ == "__main__":
    main()
