"""What the front page says without a script: the model in words, whatever its manifest holds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from shared.endpoint import Declaration
from shared.manifest import Manifest, Output, Training
from shared.pages.about import about, endpoints
from tests.models import BANDS, SIGNS, manifest

HOSTILE = "<img src=x onerror=alert(1)>{{facts}}"


@pytest.fixture
def pieces(told: Callable[..., object], tmp_path: Path) -> Callable[[Manifest], dict[str, str]]:
    """What the page says of a manifest."""

    def of(served: Manifest) -> dict[str, str]:
        path = tmp_path / "slr.json"
        path.write_bytes(msgspec.json.encode(served))
        told(MODEL_MANIFEST=str(path))
        return dict(about())

    return of


def test_name_version_and_description_are_the_manifest_s(pieces: Any) -> None:
    found = pieces(
        manifest(name="slr", version="7", output=Output(name="y", label="Progression"), description="A line.")
    )
    assert (found["title"], found["kicker"], found["description"]) == ("Progression", "slr · version 7", "A line.")


def test_a_model_without_a_label_is_called_by_its_target(pieces: Any) -> None:
    assert pieces(manifest())["title"] == "y"


def test_it_says_how_good_the_model_is(pieces: Any) -> None:
    good = replace(manifest(), training=Training(data="d", rows=1234, score=0.4726, score_name="R²", held_out=20))
    facts = pieces(good)["facts"]
    assert "<strong>1,234 rows</strong>" in facts
    assert "<strong>R² 0.47</strong><span>on 20 rows it never saw</span>" in facts


def test_it_says_when_nobody_measured(pieces: Any) -> None:
    assert "<strong>Not measured</strong>" in pieces(manifest())["facts"]


@pytest.mark.parametrize(
    ("kind", "output", "said"),
    [
        ("regressor", Output(name="y"), "<strong>A number</strong><span></span>"),
        ("regressor", replace(BANDS, unit="kg"), "<strong>A number</strong><span>in kg and one of 3 classes</span>"),
        ("classifier", SIGNS, "<strong>2 classes</strong><span>low, high</span>"),
        ("classifier", Output(name="y", classes=(True, False)), "<span>true, false</span>"),
        ("classifier", Output(name="y", classes=(1, 2, 3, 4, 5)), "<span>1, 2, 3, 4 …</span>"),
    ],
)
def test_it_says_what_the_model_answers(pieces: Any, kind: str, output: Output, said: str) -> None:
    assert said in pieces(manifest(kind=kind, output=output))["facts"]


def test_hostile_texts_stay_texts(pieces: Any) -> None:
    training = Training(data=HOSTILE, rows=1, score=1.0, score_name=HOSTILE)
    output = Output(name="y", label=HOSTILE, unit=HOSTILE)
    hostile = replace(
        manifest(name=HOSTILE, version=HOSTILE, description=HOSTILE, output=output),
        training=training,
    )
    found = pieces(hostile)
    assert "<img" not in "".join(found.values())
    assert found["title"] == "&lt;img src=x onerror=alert(1)&gt;{{facts}}"


def test_without_a_model_it_says_where_to_look(told: Callable[..., object]) -> None:
    told(MODEL_MANIFEST="/nowhere/slr.json")
    found = about()
    assert found["title"] == "The model cannot be served"
    assert 'href="/health/ready"' in found["description"]


def test_every_listed_endpoint_is_shown_with_its_summary() -> None:
    shown = endpoints(
        [
            Declaration("POST", "explain", gives=dict, doc="Explain <all>.\nAt length."),
            Declaration("GET", "docs", gives=str, doc="For people.", listed=False),
        ]
    )
    assert '<span class="method">POST</span> /explain' in shown
    assert "<span>Explain &lt;all&gt;.</span>" in shown
    assert "For people" not in shown
