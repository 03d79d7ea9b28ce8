"""The deployed model, in model/: it still makes the predictions that were recorded when it was adopted."""

import msgspec
import pytest

from shared.model import schemas
from shared.model.loader import Model, load_runtime
from shared.model.manifest import APP, Example, decode
from shared.model.manifest_file import with_data

FILE = APP / "model" / "slr.json"
MANIFEST = with_data(decode(FILE.read_bytes()), FILE.parent)


@pytest.fixture(scope="module")
def deployed() -> Model:
    return Model(MANIFEST, load_runtime(FILE.parent, MANIFEST))


@pytest.mark.parametrize("example", MANIFEST.examples, ids=lambda example: str(example.instance)[:60])
def test_a_golden_example_has_the_recorded_prediction(deployed: Model, example: Example) -> None:
    body = msgspec.json.encode({"instances": [example.instance]})
    result = deployed.predict(schemas.build(MANIFEST).decode(body), probabilities=True)
    if MANIFEST.kind == "regressor":
        assert result.predictions == pytest.approx([example.prediction], rel=1e-9)
        if example.class_ is not None:
            assert deployed.classify(result.predictions) == [example.class_]
    else:
        assert result.predictions == [example.prediction]
        if example.probabilities is not None:
            assert result.probabilities == [pytest.approx(example.probabilities, rel=1e-9)]


def test_the_manifest_is_small_enough_to_be_sent_to_every_page() -> None:
    assert FILE.stat().st_size < 20_000 or MANIFEST.data  # then only its features are long
