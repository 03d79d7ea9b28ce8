"""docs/add-an-endpoint.md, followed to the letter in a copy of the project."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from sklearn.linear_model import LinearRegression

from shared.model.manifest import Manifest
from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.services import PROJECT, Service, serving
from tools.model import adopt

PAGE = PROJECT / "docs" / "add-an-endpoint.md"
NOT_COPIED = (".*", "__pycache__", "node_modules", "dist")
BODY = {"instances": [{"x": 0.75, "z": 0.5}, {"x": 0.25, "z": 0.0}]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the page's code."""
    copy = tmp_path_factory.mktemp("followed") / "project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for name, code in blocks().items():
        path = copy / name
        path.write_text(with_route(path.read_text(), code) if path.exists() else code)
    run(copy, "ruff", "format", *blocks())
    run(copy, "ruff", "check", "--fix", *blocks())
    return copy


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """The file of a manifest, and the manifest: 3x − 2z."""
    folder = tmp_path_factory.mktemp("model")
    x = np.linspace(0, 1, 40) ** 2
    rows = pd.DataFrame({"x": x, "z": x[::-1]})
    y = 3 * rows["x"] - 2 * rows["z"]
    line = LinearRegression().fit(rows.to_numpy(), y)
    return folder / "slr.json", adopt(line, rows, y, name="line", folder=folder)


@pytest.fixture(scope="module")
def service(project: Path, adopted: tuple[Path, Manifest]) -> Iterator[Service]:
    """The copy, running."""
    environ = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": KEY,
        "USERS": json.dumps({"abi": DEMO_HASH}),
        "MODEL_MANIFEST": str(adopted[0]),
    }
    with serving(environ, app=project) as running:
        yield running


def blocks() -> dict[str, str]:
    """Return file → the page's code for it."""
    page = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r'^```python title="(.+?)"\n(.*?)^```$', page, re.DOTALL | re.MULTILINE))


def with_route(text: str, code: str) -> str:
    """Return a module with the new imports under its last one, and the new function at its end."""
    imports, _, function = code.partition("\n\n\n")
    last = max(re.finditer(r"^from .+$", text, re.MULTILINE), key=re.Match.end).end()
    return f"{text[:last]}\n{imports}{text[last:]}\n\n{function}"


def run(folder: Path, *module: str) -> None:
    """Run a Python module in the copy, and show its output when it fails."""
    done = subprocess.run([sys.executable, "-m", *module], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_has_three_files_to_write() -> None:
    assert list(blocks()) == ["shared/explain.py", "tests/test_explain.py", "function_app.py"]


def test_the_page_s_tests_and_the_app_s_tests_pass(project: Path) -> None:
    run(project, "pytest", "-p", "no:cacheprovider", "tests/test_explain.py", "tests/test_function_app.py")


def test_its_style_and_types_pass_the_checks(project: Path) -> None:
    run(project, "ruff", "check", *blocks())
    run(project, "mypy", "shared/explain.py", "function_app.py")


def test_an_explanation_is_returned(service: Service, adopted: tuple[Path, Manifest]) -> None:
    medians = {name: quantiles[3] for name, quantiles in adopted[1].statistics.quantiles.items()}
    with service.client(service.login()) as client:
        response = client.post("/explain", json=BODY)
    body = response.json()
    assert response.status_code == 200
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert [row["prediction"] for row in body["explanations"]] == pytest.approx([1.25, 0.75])
    assert [row["effects"] for row in body["explanations"]] == [
        pytest.approx({"x": 3 * (x - medians["x"]), "z": -2 * (z - medians["z"])})
        for x, z in ((0.75, 0.5), (0.25, 0.0))
    ]


def test_token_limits_and_errors_come_from_the_frame(service: Service) -> None:
    with service.client() as anyone, service.client(service.login()) as bearer:
        assert anyone.post("/explain", json=BODY).status_code == 401
        assert bearer.post("/explain", content="{}", headers={"Content-Type": "text/plain"}).status_code == 415
        assert bearer.post("/explain", json={"instances": [BODY["instances"][0]] * 10_001}).status_code == 413
        refused = bearer.post("/explain", json={"instances": [{"x": "a", "z": 1}]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/instances/0/x")


def test_it_is_in_the_openapi_document(service: Service) -> None:
    with service.client() as client:
        document = client.get("/openapi.json").json()
    operation = document["paths"]["/explain"]["post"]
    assert operation["summary"] == "Explain every prediction: how much each number changes it."
    assert operation["security"]
    assert {"200", "400", "401", "404", "413", "415", "422", "500", "503"} <= set(operation["responses"])
    OpenAPIV31SpecValidator(document).validate()


def test_telemetry_has_it_under_its_name(service: Service) -> None:
    with service.client(service.login()) as client:
        request_id = client.post("/explain", json=BODY).json()["request_id"]
    (line,) = [line for line in service.lines_with(request_id) if " explain_predictions " in line]
    assert "user=abi" in line
    assert "instances=2" in line
