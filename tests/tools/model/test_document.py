from pathlib import Path

from msgspec.structs import replace

from shared.model import manifest, manifest_file
from shared.model.manifest import Example, Linear, Manifest, Number, Statistics
from tests.tools.model.estimators import draft
from tools.model.document import MAX_BYTES, encode, write


def complete(features: int, examples: int = 3, *, weights: bool = False) -> Manifest:
    """Return a manifest with this many number features, with statistics and examples, and perhaps weights."""
    names = [f"feature_{i}" for i in range(features)]
    linear = Linear(weights=(0.5,) * features, intercept=1.0, difference=0.0, tolerance=1e-9)
    return replace(
        draft(),
        artifact=replace(draft().artifact, linear=linear if weights else None),
        features=tuple(Number(name=name, range=(-2.345678901, 3.456789012)) for name in names),
        statistics=Statistics(quantiles=dict.fromkeys(names, (0.123456,) * 7), prediction_quantiles=(1.0,) * 7),
        examples=tuple(Example(instance=dict.fromkeys(names, 0.1234 + i), prediction=1.5) for i in range(examples)),
    )


def test_a_short_manifest_is_one_readable_file() -> None:
    content, data = encode(complete(2))

    assert content.startswith(b'{\n  "name": "mine",\n')
    assert content.endswith(b"}\n")
    assert manifest.decode(content) == complete(2)
    assert data == b""


def test_a_longer_manifest_is_one_file_without_line_breaks() -> None:
    content, data = encode(complete(60))

    assert len(content) < MAX_BYTES
    assert content.count(b"\n") == 1
    assert manifest.decode(content) == complete(60)
    assert data == b""


def test_a_long_manifest_has_what_is_public_and_nothing_is_lost(tmp_path: Path) -> None:
    whole = complete(130, weights=True)
    whole = replace(whole, statistics=replace(whole.statistics, lengths={"feature_1": (9.0,) * 7}))

    content, data = encode(whole)
    write(tmp_path, {"slr.data.json": data, "slr.json": content})

    public = manifest.decode(content)
    assert len(content) < MAX_BYTES
    assert public.features == whole.features
    assert public.examples == whole.examples[:1]
    assert public.statistics == Statistics(prediction_quantiles=(1.0,) * 7)
    assert b"weights" not in content
    read = manifest_file.with_data(public, tmp_path)
    assert replace(read, data=None) == whole
    assert encode(whole) == (content, data)


def test_features_that_alone_exceed_the_limit_are_all_written() -> None:
    content, _ = encode(complete(500))

    assert len(manifest.decode(content).features) == 500
    assert len(content) > MAX_BYTES


def test_the_files_are_replaced_and_no_partial_file_stays(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    for version in (b"1", b"2"):
        write(folder, {"slr.joblib": b"model " + version, "slr.json": b"{%s}" % version})

    assert sorted(path.name for path in folder.iterdir()) == ["slr.joblib", "slr.json"]
    assert (folder / "slr.joblib").read_bytes() == b"model 2"
    assert (folder / "slr.json").read_bytes() == b"{2}"


def test_the_graph_and_the_data_file_of_the_previous_model_are_removed(tmp_path: Path) -> None:
    write(tmp_path, {"slr.onnx": b"graph", "slr.data.json": b"{}", "slr.json": b"{}"})

    write(tmp_path, {"slr.onnx": b"", "slr.data.json": b"", "slr.json": b"{}"})

    assert [path.name for path in tmp_path.iterdir()] == ["slr.json"]
