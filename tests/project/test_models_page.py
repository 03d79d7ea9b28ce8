"""The examples at the beginning of docs/models.md, run as a reader runs them: script, adoption, request."""

import json
import re
import runpy
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.project.test_readme import comparable, examples, output, text
from tests.services import PROJECT, serving
from tools.model import main, report

PAGE = PROJECT / "docs" / "models.md"
EXAMPLE = re.compile(
    r'^```python title="(?P<file>[\w/]+\.py)"\n(?P<code>.*?)^```\n[^`]*'
    r"^```bash\n\.venv/bin/python (?P=file)\nmake model (?P<variables>[^\n]+)\n```\n+```text\n(?P<printed>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
OPTIONS = {"DATA": "--data", "TARGET": "--target"}
VARYING = [
    (r"\b[0-9a-f]{12}\b", "version"),
    (r"[\d.]+ ms", "time"),
    (r"\([\d.,]+ [kM]B\)", "size"),
    (r"exactly the same as the model|the same as the model; the greatest difference is [\de.-]+\d", "the same"),
]
"""What differs from run to run, or from processor to processor."""


class Example(NamedTuple):
    """A script, the command after it, its output, and the request with its response."""

    file: str
    code: str
    variables: str
    printed: str
    request: str
    response: str


def found() -> list[Example]:
    """Return the examples of the page."""
    parts = [match.group("file", "code", "variables", "printed") for match in EXAMPLE.finditer(text(PAGE))]
    return [Example(*part, *request) for part, request in zip(parts, examples(PAGE), strict=True)]


def arguments(variables: str) -> list[str]:
    """Return the variables of `make model` as arguments of the command that it runs."""
    given = dict(word.split("=", 1) for word in shlex.split(variables))
    return [given.pop("FILE"), *[word for name, value in given.items() for word in (OPTIONS[name], value)]]


def masked(printed: str) -> str:
    """Return an output without what varies."""
    for pattern, name in VARYING:
        printed = re.sub(pattern, name, printed)
    return printed


def test_the_page_begins_with_three_examples() -> None:
    assert [example.file for example in found()] == ["examples/stay.py", "churn.py", "rent.py"]


def test_the_first_example_is_in_the_project() -> None:
    first = found()[0]
    assert first.code == (PROJECT / first.file).read_text()


def test_the_readme_has_the_commands_of_the_first_example() -> None:
    first = found()[0]
    assert f"\n.venv/bin/python {first.file}\nmake model {first.variables}\n" in text(PROJECT / "README.md")


@pytest.mark.parametrize("example", found(), ids=lambda example: example.file)
def test_an_example_prints_and_predicts_what_the_page_shows(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(PROJECT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("*.joblib"))
    (tmp_path / example.file).write_text(example.code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "APP", tmp_path)  # the folder of the project, in the last lines

    runpy.run_path(example.file)
    assert main([*arguments(example.variables), "--folder", "model"]) == 0

    printed = capfd.readouterr()
    assert masked(printed.out + "Wrote docs/openapi.json.\n") == masked(example.printed)
    assert printed.err == ""

    settings = json.loads((PROJECT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    with serving({**settings, "MODEL_MANIFEST": str(tmp_path / "model" / "slr.json")}) as service:
        (response,) = output(service, [example.request])
    assert comparable(response) == comparable(example.response)
