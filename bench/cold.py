"""`python -m bench.cold`: cold starts, and what each measure for them gains.

From the start of the host's process to its first right prediction, with a token that was issued earlier: of the service
as it is, with its model served by other libraries, with telemetry, and with one measure undone; in turn, on all cores.
What it gains to load the model in advance shows in a request that comes some seconds later: its own time. A first
login, which needs a bcrypt check, is measured apart. `import sklearn.linear_model` alone is the lower limit of a
service that loads scikit-learn. Each is started once unmeasured: the very first start fills the disk's cache.
`--imports` lists what importing function_app costs instead, package by package (`python -X importtime`).
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
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from bench import launch
from bench.launch import CONSTANT, VARIANTS, Service, ingestion, serving, variant
from shared.auth.tokens import Tokens
from shared.model.manifest import APP

IMPORT_TIME = re.compile(r"import time: +(\d+) \| +\d+ \| +([\w.]+)")
MAX_PACKAGES = 25
LATER_SECONDS, TOKEN_SECONDS = 3, 900
THE_SERVICE = "the service"

type Measure = Callable[[], float]
"""Starts something, and returns seconds."""
type Send = Callable[[Service, str], object]
"""Sends a request to a service, with a token."""


def main() -> None:
    """Run the rounds and print a table of medians."""
    parser = argparse.ArgumentParser("python -m bench.cold", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--imports", action="store_true", help="list what importing function_app costs instead")
    options = parser.parse_args()
    if options.imports:
        print_imports()
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        starts = cases(folder, stack.enter_context(ingestion()))
        for start in starts.values():
            start()
        print_table([{name: start() for name, start in starts.items()} for _ in range(options.rounds)])


def cases(folder: Path, connected: Mapping[str, str]) -> Mapping[str, Measure]:
    """Return the measurements by name; the settings `connected` turn telemetry on."""
    runtimes = {name: {"MODEL_MANIFEST": str(path)} for name, path in launch.manifests(folder).items()}
    onnx, sklearn = runtimes.get("onnxruntime"), runtimes["scikit-learn"]
    on_demand = variant("model on demand")
    return {
        THE_SERVICE: lambda: measure(APP),
        "model on demand": lambda: measure(VARIANTS, on_demand),
        "telemetry on": lambda: measure(APP, connected),
        "telemetry on, exporter at once": lambda: measure(VARIANTS, {**connected, **variant("exporter at once")}),
        **({"onnxruntime": lambda: measure(APP, onnx)} if onnx else {}),
        "scikit-learn": lambda: measure(APP, sklearn),
        "scikit-learn, model on demand": lambda: measure(VARIANTS, {**sklearn, **on_demand}),
        f"scikit-learn, request {LATER_SECONDS} s later": lambda: measure(APP, sklearn, delay=LATER_SECONDS),
        "the same, model on demand": lambda: measure(VARIANTS, {**sklearn, **on_demand}, delay=LATER_SECONDS),
        "first login": lambda: measure(APP, request=lambda service, token: service.token),
        "constant function": lambda: measure(CONSTANT),
        "import sklearn.linear_model alone": lambda: import_alone("sklearn.linear_model"),
        "import onnxruntime alone": lambda: import_alone("onnxruntime"),
    }


def predict(service: Service, token: str) -> None:
    """Request one prediction. Raises RuntimeError for a wrong one."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(f"{service.url}/predict", launch.body(1), headers)) as response:
        predictions = json.load(response)["predictions"]
    if abs(predictions[0] - launch.PREDICTION) > launch.MAX_DIFFERENCE:
        raise RuntimeError(f"the prediction is {predictions}")


def measure(
    app: Path, settings: Mapping[str, str] | None = None, *, request: Send = predict, delay: float = 0.0
) -> float:
    """Return the seconds from the start of the process to the first response; after a delay, the request's alone."""
    key = secrets.token_hex(32)
    environ = {"TOKEN_KEY": key, "PYTHONDONTWRITEBYTECODE": "", **(settings or {})}
    token, started = Tokens([key], TOKEN_SECONDS).issue("abi"), time.perf_counter()
    with serving(app, environ, pinned=False) as service:
        if delay:
            time.sleep(delay)
            started = time.perf_counter()
        request(service, token)
        return time.perf_counter() - started


def import_alone(module: str) -> float:
    """Return the seconds of a process that only imports a module."""
    started = time.perf_counter()
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", f"import {module}"], env=environ, check=True)
    return time.perf_counter() - started


def print_table(rounds: Sequence[Mapping[str, float]]) -> None:
    """Print each median with the least and the greatest value, and its ratio to the service, round by round."""
    for name in rounds[0]:
        values = [seconds[name] * 1000 for seconds in rounds]
        ratio = statistics.median(seconds[name] / seconds[THE_SERVICE] for seconds in rounds)
        spread = f"({min(values):.0f} to {max(values):.0f})"
        print(f"{name:34} {statistics.median(values):7.0f} ms  {spread:16} {ratio:6.2f} of the service")


def print_imports() -> None:
    """Print the packages that importing function_app loads, the slowest first: their own time, in milliseconds."""
    command = [sys.executable, "-X", "importtime", "-c", "import function_app"]
    subprocess.run(command, cwd=APP, capture_output=True, check=True)  # writes byte code
    report = subprocess.run(command, cwd=APP, capture_output=True, text=True, check=True).stderr
    own_time: Counter[str] = Counter()
    for microseconds, module in IMPORT_TIME.findall(report):
        own_time[module.partition(".")[0]] += int(microseconds)
    print(f"all {own_time.total() / 1000:8.1f} ms")
    for package, total in own_time.most_common(MAX_PACKAGES):
        print(f"{package:24} {total / 1000:8.1f} ms")


if __name__ == "__main__":
    main()
