"""What is derived: locks that fit pyproject.toml, the settings table, the OpenAPI snapshot, and the check of them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.settings import DECLARED
from tools import generate
from tools.generate import locks, openapi, settings_table
from tools.generate.errors import GenerateError, IndexUnreachable

ROOT = Path(__file__).parent.parent.parent
README = f"before\n{settings_table.START}\nthe table before\n{settings_table.END}\nafter\n"


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
        f"# made\nsome-thing==1.3 \\\n    --hash=sha256:{'0' * 64}\n    # via demo\n"
    )
    (tmp_path / "requirements-dev.txt").write_text("pytest==9.0 ; sys_platform != 'win32'\nsome-thing==1.3\n")
    return tmp_path


def test_the_locks_fit_pyproject_toml() -> None:
    assert locks.misfits(ROOT) == []


def test_every_locked_package_has_a_hash() -> None:
    for name in locks.OPTIONS:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pinned = [number for number, line in enumerate(lines) if line and line[0].isalnum()]
        assert [lines[number] for number in pinned if "--hash=sha256:" not in lines[number + 1]] == []


def test_locks_that_fit_are_no_misfits(project: Path) -> None:
    assert locks.misfits(project) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("requirements.txt", "", "requirements.txt does not hold Some.Thing>=1.2"),
        ("requirements.txt", "some-thing==1.1\n", "requirements.txt does not hold Some.Thing>=1.2"),
        ("requirements-dev.txt", "some-thing==1.3\n", "requirements-dev.txt does not hold pytest>=9"),
        ("requirements-dev.txt", "pytest==9.0\nsome-thing==1.4\n", "does not hold some-thing==1.3 of requirements.txt"),
    ],
)
def test_a_lock_that_does_not_fit_is_named_with_what_it_lacks(project: Path, name: str, text: str, fault: str) -> None:
    (project / name).write_text(text)
    assert any(fault in misfit for misfit in locks.misfits(project))


def test_an_index_that_cannot_be_reached_is_told_apart_from_a_fault(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_network(monkeypatch)
    with pytest.raises(IndexUnreachable):
        locks.compiled(project)


def test_what_uv_refuses_is_a_fault(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_network(monkeypatch)
    (project / "pyproject.toml").write_text("[project\n")
    with pytest.raises(GenerateError, match="The locks cannot be made") as caught:
        locks.compiled(project)
    assert not isinstance(caught.value, IndexUnreachable)


def test_without_a_network_the_check_holds_the_locks_against_pyproject_toml(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_network(monkeypatch)
    (project / "requirements.txt").write_text("")
    faults = generate.outcome(locks.compiled, project, checking=True)
    assert "requirements.txt does not hold Some.Thing>=1.2: run `make generate`." in faults
    assert "cannot be reached" in capsys.readouterr().out


def test_without_a_network_nothing_is_generated(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_network(monkeypatch)
    before = (project / "requirements.txt").read_text()
    assert generate.outcome(locks.compiled, project, checking=False) == ["The package index cannot be reached."]
    assert (project / "requirements.txt").read_text() == before


def test_the_readme_s_table_holds_every_setting_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(README)
    made = settings_table.in_readme(tmp_path)["README.md"]
    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert all(f"| `{name}` |" in made for name in DECLARED)
    assert "the table before" not in made


def test_a_secret_setting_is_marked_and_a_default_shown() -> None:
    rows = {row[0]: row for row in settings_table.rows()}
    assert rows["`TOKEN_KEY`"][3].endswith("Secret.")
    assert rows["`TOKEN_LIFETIME_SECONDS`"][2] == "`900`"


@pytest.mark.parametrize("text", [None, "no markers", settings_table.START])
def test_a_readme_without_markers_is_a_fault(tmp_path: Path, text: str | None) -> None:
    if text:
        (tmp_path / "README.md").write_text(text)
    with pytest.raises(GenerateError, match="settings"):
        settings_table.in_readme(tmp_path)


def test_an_app_that_does_not_load_is_a_fault_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("raise RuntimeError('not today')")
    with pytest.raises(GenerateError, match="not today") as caught:
        openapi.snapshot(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_snapshot_is_the_document_of_the_app(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("app = None")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/endpoint.py").write_text("def declared(app): return ['endpoints', app]")
    (tmp_path / "shared/manifest.py").write_text("def current(): return 'manifest'")
    (tmp_path / "shared/openapi.py").write_text("import json\ndef document(*of): return json.dumps(of).encode()")
    made = openapi.snapshot(tmp_path)["docs/openapi.json"]
    assert made.split() == ["[", "[", '"endpoints",', "null", "],", '"manifest"', "]"]


def made_of(text: str) -> generate.Generator:
    def generator(root: Path) -> Mapping[str, str]:
        return {"made.txt": text}

    return generator


def test_what_is_stale_is_written_and_what_is_not_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.outcome(made_of("new\n"), tmp_path, checking=False) == []
    assert (tmp_path / "made.txt").read_text() == "new\n"
    assert capsys.readouterr().out == "Wrote made.txt.\n"
    generate.outcome(made_of("new\n"), tmp_path, checking=False)
    assert capsys.readouterr().out == ""


def test_the_check_names_what_is_stale_and_writes_nothing(tmp_path: Path) -> None:
    faults = generate.outcome(made_of("new\n"), tmp_path, checking=True)
    assert faults == ["made.txt is not what `make generate` makes: run it."]
    assert not (tmp_path / "made.txt").exists()


def test_the_exit_code_tells_whether_all_was_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "GENERATORS", {"made": made_of("new\n")})
    assert generate.main(["--check"]) == 1
    assert "made.txt" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make uv ask a port on which nothing listens, and remember nothing."""
    for name, value in (("UV_DEFAULT_INDEX", "http://127.0.0.1:9/"), ("UV_NO_CACHE", "1"), ("UV_HTTP_RETRIES", "0")):
        monkeypatch.setenv(name, value)
