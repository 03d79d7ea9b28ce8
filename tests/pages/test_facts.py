"""The facts on the home page: the model in words, for any manifest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shared.api.routes import Route
from shared.model.manifest import Manifest, Output, Training
from shared.model.manifest_file import ManifestFile
from shared.pages.facts import model_facts, route_list
from shared.settings import Settings
from tests.models import BANDS, SIGNS, manifest, write

HOSTILE = "<img src=x onerror=alert(1)>{{facts}}"


def manifest_file(path: Path) -> ManifestFile:
    return ManifestFile(Settings.read({"MODEL_MANIFEST": str(path)}))


@pytest.fixture
def pieces(tmp_path: Path) -> Callable[[Manifest], dict[str, str]]:
    """Return the pieces of the page for a manifest."""
    return lambda described: dict(model_facts(manifest_file(write(described, tmp_path / "slr.json"))))


def test_name_version_and_description_are_the_manifest_s(pieces: Any) -> None:
    shown = pieces(
        manifest(name="slr", version="7", output=Output(name="y", label="Progression"), description="A line.")
    )
    assert (shown["title"], shown["kicker"], shown["description"]) == ("Progression", "slr · version 7", "A line.")


def test_a_model_without_a_label_has_its_target_as_title(pieces: Any) -> None:
    assert pieces(manifest())["title"] == "y"


def test_the_score_is_shown_with_the_held_out_rows(pieces: Any) -> None:
    scored = replace(manifest(), training=Training(data="d", rows=1234, score=0.4726, score_name="R²", held_out=20))
    facts = pieces(scored)["facts"]
    assert "<strong>1,234 rows</strong>" in facts
    assert "<strong>R² 0.47</strong><span>on 20 held-out rows</span>" in facts


def test_a_missing_score_is_shown_as_not_measured(pieces: Any) -> None:
    assert "<strong>Not measured</strong>" in pieces(manifest())["facts"]


def test_training_data_without_a_name_is_no_note(pieces: Any) -> None:
    unnamed = replace(manifest(), training=Training(data="training data", rows=3))
    assert "<strong>3 rows</strong><span></span>" in pieces(unnamed)["facts"]


@pytest.mark.parametrize(
    ("kind", "output", "shown"),
    [
        ("regressor", Output(name="y"), "<strong>A number</strong><span></span>"),
        ("regressor", replace(BANDS, unit="kg"), "<strong>A number</strong><span>in kg and one of 3 classes</span>"),
        ("classifier", SIGNS, "<strong>2 classes</strong><span>low, high</span>"),
        ("classifier", Output(name="y", classes=(True, False)), "<span>true, false</span>"),
        ("classifier", Output(name="y", classes=(1, 2, 3, 4, 5)), "<span>1, 2, 3, 4 …</span>"),
    ],
)
def test_the_output_is_described(pieces: Any, kind: str, output: Output, shown: str) -> None:
    assert shown in pieces(manifest(kind=kind, output=output))["facts"]


def test_hostile_texts_are_escaped(pieces: Any) -> None:
    training = Training(data=HOSTILE, rows=1, score=1.0, score_name=HOSTILE)
    output = Output(name="y", label=HOSTILE, unit=HOSTILE)
    hostile = replace(
        manifest(name=HOSTILE, version=HOSTILE, description=HOSTILE, output=output),
        training=training,
    )
    shown = pieces(hostile)
    assert "<img" not in "".join(shown.values())
    assert shown["title"] == "&lt;img src=x onerror=alert(1)&gt;{{facts}}"


def test_without_a_model_there_is_a_link_to_the_reason(tmp_path: Path) -> None:
    shown = model_facts(manifest_file(tmp_path / "gone.json"))
    assert shown["title"] == "The model cannot be served"
    assert 'href="health/ready"' in shown["description"]


def test_every_listed_route_is_shown_with_its_summary() -> None:
    shown = route_list(
        [
            Route("POST", "explain", response_model=dict, doc="Explain <all>.\nAt length."),
            Route("GET", "docs", response_model=str, doc="For people.", listed=False),
        ]
    )
    assert '<span class="method">POST</span> /explain' in shown
    assert "<span>Explain &lt;all&gt;.</span>" in shown
    assert "For people" not in shown
