from pathlib import Path

import pytest
from msgspec.structs import replace

from shared.model import manifest
from shared.model.manifest import Example, Manifest, Number, Statistics
from tests.tools.model.estimators import draft
from tools.model.document import MAX_BYTES, encode, write


def complete(features: int, examples: int = 3) -> Manifest:
    """Return a manifest with this many number features, with statistics and examples."""
    names = [f"feature_{i}" for i in range(features)]
    return replace(
        draft(),
        features=tuple(Number(name=name, range=(-2.345678901, 3.456789012)) for name in names),
        statistics=Statistics(quantiles=dict.fromkeys(names, (0.123456,) * 7), prediction_quantiles=(1.0,) * 7),
        examples=tuple(Example(instance=dict.fromkeys(names, 0.1234 + i), prediction=1.5) for i in range(examples)),
    )


def test_a_short_encodedstays_complete_and_indented() -> None:
    encoded, content = encode(complete(2))

    assert encoded == complete(2)
    assert content.startswith(b'{\n  "name": "mine",\n')
    assert content.endswith(b"}\n")
    assert manifest.decode(content) == encoded


@pytest.mark.parametrize(
    ("features", "messages"),
    [
        (60, ["without line breaks"]),
        (100, ["without line breaks", "the statistics of the features"]),
        (200, ["without line breaks", "the statistics of the features", "all examples but one"]),
    ],
)
def test_a_long_encodedstays_under_its_limit_and_the_left_out_parts_are_printed(
    features: int, messages: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    encoded, content = encode(complete(features))

    assert len(content) < MAX_BYTES
    assert manifest.decode(content) == encoded
    assert encoded.features == complete(features).features
    assert encoded.statistics.prediction_quantiles
    assert encoded.examples
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(messages)
    assert all(message in line for message, line in zip(messages, lines, strict=True))


def test_features_that_alone_exceed_the_limit_are_all_written(capsys: pytest.CaptureFixture[str]) -> None:
    encoded, content = encode(complete(500))

    assert len(encoded.features) == 500
    assert len(content) > MAX_BYTES
    assert "The features alone need more than 20 kB" in capsys.readouterr().out


def test_the_files_are_replaced_and_no_partial_file_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    for version in (b"1", b"2"):
        write(folder, {"slr.joblib": b"model " + version, "slr.json": b"{%s}" % version})

    assert sorted(path.name for path in folder.iterdir()) == ["slr.joblib", "slr.json"]
    assert (folder / "slr.joblib").read_bytes() == b"model 2"
    assert (folder / "slr.json").read_bytes() == b"{2}"


def test_the_graph_of_the_previous_model_is_removed(tmp_path: Path) -> None:
    write(tmp_path, {"slr.onnx": b"graph", "slr.json": b"{}"})

    write(tmp_path, {"slr.onnx": b"", "slr.json": b"{}"})

    assert [path.name for path in tmp_path.iterdir()] == ["slr.json"]
