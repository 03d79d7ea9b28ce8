from pathlib import Path

import pytest
from msgspec.structs import replace

from shared.model import manifest
from shared.model.manifest import Example, Manifest, Number, Statistics
from tests.tools.model.estimators import draft
from tools.model.document import MOST_BYTES, fit, write


def whole(features: int, examples: int = 3) -> Manifest:
    """A manifest with so many number features, with statistics and examples."""
    names = [f"feature_{i}" for i in range(features)]
    return replace(
        draft(),
        features=tuple(Number(name=name, range=(-2.345678901, 3.456789012)) for name in names),
        statistics=Statistics(quantiles=dict.fromkeys(names, (0.123456,) * 7), prediction_quantiles=(1.0,) * 7),
        examples=tuple(Example(instance=dict.fromkeys(names, 0.1234 + i), prediction=1.5) for i in range(examples)),
    )


def test_a_small_manifest_is_whole_and_easy_to_read() -> None:
    kept, content = fit(whole(2))

    assert kept == whole(2)
    assert content.startswith(b'{\n  "name": "mine",\n')
    assert content.endswith(b"}\n")
    assert manifest.decode(content) == kept


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (60, ["without line breaks"]),
        (100, ["without line breaks", "the statistics of the features"]),
        (200, ["without line breaks", "the statistics of the features", "all examples but one"]),
    ],
)
def test_a_long_manifest_stays_under_its_limit_and_says_what_gave_way(
    features: int, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    kept, content = fit(whole(features))

    assert len(content) < MOST_BYTES
    assert manifest.decode(content) == kept
    assert kept.features == whole(features).features
    assert kept.statistics.prediction_quantiles
    assert kept.examples
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(said)
    assert all(part in line for part, line in zip(said, lines, strict=True))


def test_a_contract_that_is_too_long_alone_is_written_whole(capsys: pytest.CaptureFixture[str]) -> None:
    kept, content = fit(whole(500))

    assert len(kept.features) == 500
    assert len(content) > MOST_BYTES
    assert "The features alone take more" in capsys.readouterr().out


def test_the_files_are_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    for version in (b"1", b"2"):
        write(folder, {"slr.joblib": b"model " + version, "slr.json": b"{%s}" % version})

    assert sorted(path.name for path in folder.iterdir()) == ["slr.joblib", "slr.json"]
    assert (folder / "slr.joblib").read_bytes() == b"model 2"
    assert (folder / "slr.json").read_bytes() == b"{2}"


def test_a_graph_of_the_model_before_is_removed(tmp_path: Path) -> None:
    write(tmp_path, {"slr.onnx": b"graph", "slr.json": b"{}"})

    write(tmp_path, {"slr.onnx": b"", "slr.json": b"{}"})

    assert [path.name for path in tmp_path.iterdir()] == ["slr.json"]
