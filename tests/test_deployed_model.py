"""The model in model/: whatever it is, it still gives the answers that were recorded when it was adopted."""

import msgspec
import pytest
from shared.manifest import APP, Example, decode

from shared import model, schemas

FILE = APP / "model" / "slr.json"
MANIFEST = decode(FILE.read_bytes())


@pytest.fixture(scope="module")
def deployed() -> model.Model:
    return model.Model(MANIFEST, model.answering(FILE.parent, MANIFEST))


@pytest.mark.parametrize("example", MANIFEST.examples, ids=lambda example: str(example.instance)[:60])
def test_a_golden_example_is_answered_as_recorded(deployed: model.Model, example: Example) -> None:
    body = msgspec.json.encode({"instances": [example.instance]})
    scores = deployed.score(schemas.contract(MANIFEST).decode(body), probabilities=True)
    if MANIFEST.kind == "regressor":
        assert scores.predictions == pytest.approx([example.prediction], rel=1e-9)
        if example.class_ is not None:
            assert deployed.classify(scores.predictions) == [example.class_]
    else:
        assert scores.predictions == [example.prediction]
        if example.probabilities is not None:
            assert scores.probabilities == [pytest.approx(example.probabilities, rel=1e-9)]


def test_the_manifest_is_small_enough_to_be_sent_to_every_page() -> None:
    assert FILE.stat().st_size < 20_000
