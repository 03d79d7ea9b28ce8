"""The check passes for a package that works isolated and read-only, and names the error of any other."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.tools import packages
from tools import package as packaging
from tools.errors import PackageError
from tools.package import Package, bytecode, check, dependencies

pytestmark = pytest.mark.timeout(300)  # on a clean machine the packages are downloaded first
TINY = """
import json, os, pathlib
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
STATEMENT

def add_route(name, route, method, content):
    def respond(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(json.dumps(content), headers={"X-Request-Id": "1"})
    respond.__name__ = name
    app.route(route=route, methods=[method])(respond)

add_route("ready", "health/ready", "GET", {"status": "ready"})
add_route("home", "{ignored:maxlength(0)?}", "GET", {})
add_route("token", "token", "POST", {"access_token": "t"})
add_route("model", "model", "GET", {"examples": [{"instance": {"x": 1}, "prediction": 2.0}]})
challenged = "challenger" in os.environ.get("MODEL_MANIFEST", "")
add_route("predict", "predict", "POST", {"predictions": [5.0 if challenged else PREDICTION]})
"""


def tiny(
    package: Package, folder: Path, *, statement: str = "", prediction: str = "2.0", challenger: bool = False
) -> Path:
    """Return the zip of a package with only the routes that the check calls, and one more statement."""
    (folder / "app/model").mkdir(parents=True)
    (folder / "app/function_app.py").write_text(TINY.replace("STATEMENT", statement).replace("PREDICTION", prediction))
    (folder / "app/host.json").write_text(json.dumps({"extensions": {"http": {"routePrefix": ""}}}))
    (folder / "app/model/slr.json").write_text(json.dumps({"examples": [{"instance": {"x": 1}}]}))
    if challenger:
        (folder / "app/model/challenger").mkdir()
        (folder / "app/model/challenger/slr.json").write_text("{}")
    for name in ("azure/functions", "markupsafe", "werkzeug"):
        shutil.copytree(
            package.folder / dependencies.SITE_PACKAGES / name, folder / "app" / dependencies.SITE_PACKAGES / name
        )
    bytecode.compile_folder(folder / "app")
    return Path(shutil.make_archive(str(folder / "tiny"), "zip", folder / "app"))


@pytest.mark.skipif(sys.platform != "linux", reason="the package is for Linux")
def test_the_package_of_this_project_passes_its_check(package: Package) -> None:
    assert 0 < check.check(package.archive) < 30


RUNTIMES = {"numpy": (), "onnxruntime": ("linear",), "scikit-learn": ("linear", "onnx")}
"""Runtime → members of the demo's manifest without which it serves."""
MODULES = {"numpy": set(), "onnxruntime": {"onnxruntime"}, "scikit-learn": {"sklearn", "scipy", "pandas"}}


@pytest.mark.more
@pytest.mark.skipif(sys.platform != "linux", reason="the package is for Linux")
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_package_for_each_runtime_starts_with_nothing_else_installed(runtime: str, tmp_path: Path) -> None:
    project = packages.copy(tmp_path / "project")
    packages.link_cache(project)
    manifest = json.loads((project / "model/slr.json").read_text(encoding="utf-8"))
    for member in RUNTIMES[runtime]:
        del manifest["artifact"][member]
    (project / "model/slr.json").write_text(json.dumps(manifest), encoding="utf-8")
    package = packaging.make(project)
    assert list(package.dependencies.selection.runtimes) == [runtime]
    installed = {path.name for path in (package.folder / dependencies.SITE_PACKAGES).iterdir()}
    assert installed & {"onnxruntime", "sklearn", "scipy", "pandas"} == MODULES[runtime]
    assert 0 < check.check(package.archive) < 30
    shutil.rmtree(project)


def test_a_package_with_right_predictions_passes_its_check(package: Package, tmp_path: Path) -> None:
    assert check.check(tiny(package, tmp_path)) > 0


def test_a_package_without_one_of_its_dependencies_does_not_start(package: Package, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"does not start(?s:.*)No module named 'httpx'"):
        check.check(tiny(package, tmp_path, statement="import httpx"))


def test_a_package_with_wrong_predictions_fails_its_check(package: Package, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"starts, but /predict returned 3\.0 where the manifest has 2\.0"):
        check.check(tiny(package, tmp_path, prediction="3.0"))


def test_a_package_with_a_challenger_that_predicts_wrong_fails_its_check(package: Package, tmp_path: Path) -> None:
    expected = r"starts, but with the challenger served, /predict returned 5\.0 where the manifest has 2\.0"
    with pytest.raises(PackageError, match=expected):
        check.check(tiny(package, tmp_path, challenger=True))


def test_a_package_that_writes_into_its_folder_fails_its_check(package: Package, tmp_path: Path) -> None:
    statement = "pathlib.Path(__file__).with_name('written').touch()"
    with pytest.raises(PackageError, match=r"wrote written into its folder|PermissionError"):  # the former for root
        check.check(tiny(package, tmp_path, statement=statement))


def test_a_system_that_cannot_start_the_package_is_reported(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert packaging.main(["--check"], project) == 1
    output = capsys.readouterr()
    assert output.out.startswith("dist/egl-ml.zip: ")
    assert output.err == "The package is made but not checked: only Linux on x86_64 can start it.\n"
