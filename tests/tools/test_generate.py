"""Derived files: locks that fit pyproject.toml, the settings table, the OpenAPI snapshot, and the check of them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.settings import DECLARED
from tools import generate
from tools.errors import GenerateError, IndexUnreachable
from tools.generate import locks, openapi, settings_table

ROOT = Path(__file__).parent.parent.parent
PAGE = f"before\n{settings_table.START}\nthe table before\n{settings_table.END}\nafter\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a pyproject.toml and locks that fit it."""
    (tmp_path / "pyproject.toml").write_text(
        """
        [project]
        name = "demo"
        version = "1"
        dependencies = ["Some.Thing>=1.2"]
        [dependency-groups]
        dev = ["pytest>=9; sys_platform != 'win32'"]
        """
    )
    (tmp_path / ".python-version").write_text("3.13\n")
    (tmp_path / "requirements.txt").write_text(
        f"# generated\nsome-thing==1.3 \\\n    --hash=sha256:{'0' * 64}\n    # via demo\n"
    )
    (tmp_path / "requirements-dev.txt").write_text("pytest==9.0 ; sys_platform != 'win32'\nsome-thing==1.3\n")
    return tmp_path


def test_the_locks_fit_pyproject_toml() -> None:
    assert locks.errors(ROOT) == []


def test_every_locked_package_has_a_hash() -> None:
    for name in locks.OPTIONS:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pinned = [number for number, line in enumerate(lines) if line and line[0].isalnum()]
        assert [lines[number] for number in pinned if "--hash=sha256:" not in lines[number + 1]] == []


def test_locks_that_fit_have_no_errors(project: Path) -> None:
    assert locks.errors(project) == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("requirements.txt", "", "requirements.txt does not contain Some.Thing>=1.2"),
        ("requirements.txt", "some-thing==1.1\n", "requirements.txt does not contain Some.Thing>=1.2"),
        ("requirements-dev.txt", "some-thing==1.3\n", "requirements-dev.txt does not contain pytest>=9"),
        (
            "requirements-dev.txt",
            "pytest==9.0\nsome-thing==1.4\n",
            "does not contain some-thing==1.3 of requirements.txt",
        ),
    ],
)
def test_a_lock_that_does_not_fit_is_named_with_the_missing_package(
    project: Path, name: str, text: str, message: str
) -> None:
    (project / name).write_text(text)
    assert any(message in error for error in locks.errors(project))


def test_an_unreachable_index_is_a_separate_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_network(monkeypatch)
    with pytest.raises(IndexUnreachable):
        locks.compile_locks(project)


def test_an_error_of_uv_is_reported(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_network(monkeypatch)
    (project / "pyproject.toml").write_text("[project\n")
    with pytest.raises(GenerateError, match="The locks cannot be compiled") as caught:
        locks.compile_locks(project)
    assert not isinstance(caught.value, IndexUnreachable)


def test_without_a_network_the_check_compares_the_locks_with_pyproject_toml(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_network(monkeypatch)
    (project / "requirements.txt").write_text("")
    errors = generate.run(locks.compile_locks, project, check=True)
    assert "requirements.txt does not contain Some.Thing>=1.2: run `make generate`." in errors
    assert "cannot be reached" in capsys.readouterr().out


def test_without_a_network_nothing_is_generated(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_network(monkeypatch)
    before = (project / "requirements.txt").read_text()
    assert generate.run(locks.compile_locks, project, check=False) == ["The package index cannot be reached."]
    assert (project / "requirements.txt").read_text() == before


def write_page(root: Path, text: str) -> None:
    (root / "docs").mkdir()
    (root / settings_table.PAGE).write_text(text)


def test_the_table_has_every_setting_and_the_rest_of_the_page_stays(tmp_path: Path) -> None:
    write_page(tmp_path, PAGE)
    text = settings_table.page(tmp_path)[settings_table.PAGE]
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert all(f"| `{name}` |" in text for name in DECLARED)
    assert "the table before" not in text


def test_the_table_shows_secrets_and_defaults() -> None:
    rows = {row[0]: row for row in settings_table.rows()}
    assert rows["`TOKEN_KEY`"][3].endswith("Secret.")
    assert rows["`TOKEN_LIFETIME_SECONDS`"][2] == "`900`"


@pytest.mark.parametrize("text", [None, "no markers", settings_table.START])
def test_a_page_without_markers_is_an_error(tmp_path: Path, text: str | None) -> None:
    if text:
        write_page(tmp_path, text)
    with pytest.raises(GenerateError, match="settings"):
        settings_table.page(tmp_path)


def test_an_app_that_does_not_load_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("raise RuntimeError('not today')")
    with pytest.raises(GenerateError, match="not today") as caught:
        openapi.snapshot(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_snapshot_is_the_document_of_the_app(tmp_path: Path) -> None:
    app = "from types import SimpleNamespace as New\nroutes, service = 'routes', "
    service = "New(manifest_file=New(manifest='manifest'), settings='settings')"
    (tmp_path / "function_app.py").write_text(app + service)
    (tmp_path / "shared/api").mkdir(parents=True)
    (tmp_path / "shared/api/openapi.py").write_text(
        "import json\ndef document(*arguments): return json.dumps(arguments).encode()"
    )
    text = openapi.snapshot(tmp_path)["docs/openapi.json"]
    assert json.loads(text) == ["routes", "manifest", "settings"]


def generator_of(text: str) -> generate.Generator:
    def generator(root: Path) -> Mapping[str, str]:
        return {"file.txt": text}

    return generator


def test_a_file_out_of_date_is_written_and_any_other_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.run(generator_of("new\n"), tmp_path, check=False) == []
    assert (tmp_path / "file.txt").read_text() == "new\n"
    assert capsys.readouterr().out == "Wrote file.txt.\n"
    generate.run(generator_of("new\n"), tmp_path, check=False)
    assert capsys.readouterr().out == ""


def test_the_check_names_a_file_out_of_date_and_writes_nothing(tmp_path: Path) -> None:
    errors = generate.run(generator_of("new\n"), tmp_path, check=True)
    assert errors == ["file.txt is out of date: run `make generate`."]
    assert not (tmp_path / "file.txt").exists()


def test_the_exit_code_is_1_for_a_file_out_of_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generators = {"file": generator_of("new\n")}
    assert generate.main(["--check"], tmp_path, generators) == 1
    assert "file.txt" in capsys.readouterr().err
    assert generate.main([], tmp_path, generators) == 0
    assert generate.main(["--check"], tmp_path, generators) == 0


def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the index of uv to a port on which nothing listens, and disable its cache."""
    for name, value in (("UV_DEFAULT_INDEX", "http://127.0.0.1:9/"), ("UV_NO_CACHE", "1"), ("UV_HTTP_RETRIES", "0")):
        monkeypatch.setenv(name, value)
