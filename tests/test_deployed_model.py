"""The deployed models, in model/ and model/challenger/: they still make the predictions recorded at their adoption."""

from functools import cache
from pathlib import Path

import msgspec
import pytest

from shared.model import schemas
from shared.model.loader import Model, load_runtime
from shared.model.manifest import APP, Example, Manifest, decode
from shared.model.manifest_file import with_data

CHAMPION, CHALLENGER = APP / "model" / "slr.json", APP / "model" / "challenger" / "slr.json"
FILES = [CHAMPION, *([CHALLENGER] if CHALLENGER.exists() else [])]


def manifest(file: Path) -> Manifest:
    return with_data(decode(file.read_bytes()), file.parent)


@cache
def deployed(file: Path) -> Model:
    return Model(manifest(file), load_runtime(file.parent, manifest(file)))


@pytest.mark.parametrize(
    ("file", "example"),
    [
        pytest.param(file, example, id=f"{file.parent.name}-{str(example.instance)[:60]}")
        for file in FILES
        for example in manifest(file).examples
    ],
)
def test_a_golden_example_has_the_recorded_prediction(file: Path, example: Example) -> None:
    model = deployed(file)
    body = msgspec.json.encode({"instances": [example.instance]})
    result = model.predict(schemas.build(model.manifest).decode(body), probabilities=True)
    if model.manifest.kind == "regressor":
        assert result.predictions == pytest.approx([example.prediction], rel=1e-9)
        if example.class_ is not None:
            assert model.classify(result.predictions) == [example.class_]
    else:
        assert result.predictions == [example.prediction]
        if example.probabilities is not None:
            assert result.probabilities == [pytest.approx(example.probabilities, rel=1e-9)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.parent.name))
def test_the_manifest_is_small_enough_to_be_sent_to_every_page(file: Path) -> None:
    assert file.stat().st_size < 20_000 or manifest(file).data  # then only its features are long
