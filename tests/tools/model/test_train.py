"""The demo, trained as people train it: `python -m model.train`."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from model.train import train
from shared.model import manifest
from shared.model.manifest import APP, Manifest
from tools.model.picture import Picture


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """The folder of the demo, trained in a process of its own, and its manifest."""
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run([sys.executable, "-m", "model.train", str(folder)], cwd=APP, check=True, timeout=50)
    return folder, manifest.decode((folder / "slr.json").read_bytes())


def test_the_demo_has_the_figures_of_the_docs(demo: tuple[Path, Manifest]) -> None:
    trained = demo[1]

    assert trained.examples[0].instance == {"bmi": 0.0617}
    assert trained.examples[0].prediction == pytest.approx(210.8, abs=0.05)
    assert trained.examples[0].class_ == "Class3"
    assert isinstance(trained.features[0], manifest.Number)
    assert trained.features[0].range == pytest.approx((-0.0903, 0.1706), abs=5e-5)
    assert trained.output.edges == (25.0, 105.25, 185.5, 265.75)
    assert trained.output.classes == ("Class0", "Class1", "Class2", "Class3", "Class4")
    assert trained.training.score == pytest.approx(0.47, abs=0.005)
    assert (trained.training.rows, trained.training.held_out) == (422, 20)
    assert trained.artifact.rows == "array"


def test_training_again_in_another_process_writes_the_same_bytes(demo: tuple[Path, Manifest], tmp_path: Path) -> None:
    train(tmp_path)

    for name in ("slr.json", "slr.joblib", "slr.picture.json"):
        assert (tmp_path / name).read_bytes() == (demo[0] / name).read_bytes()


def test_the_committed_demo_is_the_result_of_training(demo: tuple[Path, Manifest]) -> None:
    committed = manifest.decode((APP / "model" / "slr.json").read_bytes())
    if committed.training.data != demo[1].training.data:
        pytest.skip("another model is adopted")

    # The last bit of a floating point number depends on the processor, and the hashes on it.
    for value, expected in zip(comparable(committed), comparable(demo[1]), strict=True):
        assert value == (pytest.approx(expected, rel=1e-9) if isinstance(expected, float) else expected)


def test_the_picture_of_the_demo_has_points_because_its_data_is_public(demo: tuple[Path, Manifest]) -> None:
    picture = msgspec.json.decode((demo[0] / "slr.picture.json").read_bytes(), type=Picture)

    assert picture.points is not None
    assert len(picture.points.target) == 422
    assert picture.version == demo[1].version


def comparable(trained: Manifest) -> list[object]:
    """Return the values of a manifest in their order, without version and hash."""
    members = msgspec.to_builtins(trained)
    del members["version"], members["artifact"]["sha256"]
    return list(leaves(members))


def leaves(value: object) -> list[object]:
    """Return the names and values in nested objects and lists."""
    if isinstance(value, dict):
        return [leaf for name, member in value.items() for leaf in (name, *leaves(member))]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]
