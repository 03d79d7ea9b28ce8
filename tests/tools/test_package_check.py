"""The package's check: it passes for one that answers alone and read-only, and says what is wrong with any other."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from tools import package as packaging
from tools.package import Package, bytecode, check, dependencies
from tools.package.errors import PackageError

pytestmark = pytest.mark.timeout(300)  # on a clean machine the packages are fetched first
TINY = """
import json, pathlib
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
HARM

def answering(name, route, method, content):
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(json.dumps(content), headers={"X-Request-Id": "1"})
    answer.__name__ = name
    app.route(route=route, methods=[method])(answer)

answering("ready", "health/ready", "GET", {"status": "ready"})
answering("home", "{ignored:maxlength(0)?}", "GET", {})
answering("token", "token", "POST", {"access_token": "t"})
answering("model", "model", "GET", {"examples": [{"instance": {"x": 1}, "prediction": 2.0}]})
answering("predict", "predict", "POST", {"predictions": [ANSWER]})
"""


def tiny(made: Package, folder: Path, *, harm: str = "", answer: str = "2.0") -> Path:
    """The zip of a package that is nothing but the questions' answers, and some harm."""
    (folder / "app/model").mkdir(parents=True)
    (folder / "app/function_app.py").write_text(TINY.replace("HARM", harm).replace("ANSWER", answer))
    (folder / "app/host.json").write_text(json.dumps({"extensions": {"http": {"routePrefix": ""}}}))
    (folder / "app/model/slr.json").write_text(json.dumps({"examples": [{"instance": {"x": 1}}]}))
    for name in ("azure/functions", "markupsafe", "werkzeug"):
        shutil.copytree(
            made.folder / dependencies.SITE_PACKAGES / name, folder / "app" / dependencies.SITE_PACKAGES / name
        )
    bytecode.compiled(folder / "app")
    return Path(shutil.make_archive(str(folder / "tiny"), "zip", folder / "app"))


@pytest.mark.skipif(sys.platform != "linux", reason="the package is for Linux")
def test_it_starts_alone_and_read_only_and_answers_the_golden_examples(made: Package) -> None:
    assert 0 < check.checked(made.archive) < 30


def test_a_package_that_answers_passes_its_check(made: Package, tmp_path: Path) -> None:
    assert check.checked(tiny(made, tmp_path)) > 0


def test_a_package_that_lacks_a_package_does_not_start_whatever_is_installed_here(
    made: Package, tmp_path: Path
) -> None:
    with pytest.raises(PackageError, match=r"does not start(?s:.*)No module named 'httpx'"):
        check.checked(tiny(made, tmp_path, harm="import httpx"))


def test_a_package_that_answers_wrongly_fails_its_check(made: Package, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"starts, but /predict answered 3\.0 where the manifest has 2\.0"):
        check.checked(tiny(made, tmp_path, answer="3.0"))


def test_a_package_that_writes_into_its_folder_fails_its_check(made: Package, tmp_path: Path) -> None:
    harm = "pathlib.Path(__file__).with_name('written').touch()"
    with pytest.raises(PackageError, match=r"wrote written into its folder|PermissionError"):  # the former for root
        check.checked(tiny(made, tmp_path, harm=harm))


def test_where_it_cannot_be_started_the_check_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packaging, "ROOT", project)
    monkeypatch.setattr(check.platform, "machine", lambda: "arm64")
    assert packaging.main(["--check"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("dist/egl-ml.zip: ")
    assert said.err == "The package is made, but not checked: only Linux on x86_64 can start it.\n"
