"""The demo, trained as people train it: `python -m model.train`."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from shared.model import manifest
from shared.model.manifest import APP, Manifest
from tools.model.picture import Picture


def trained(folder: Path) -> Manifest:
    subprocess.run([sys.executable, "-m", "model.train", str(folder)], cwd=APP, check=True, timeout=50)
    return manifest.decode((folder / "slr.json").read_bytes())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, trained(folder)


def test_the_demo_is_what_the_docs_say(demo: tuple[Path, Manifest]) -> None:
    found = demo[1]

    assert found.examples[0].instance == {"bmi": 0.0617}
    assert found.examples[0].prediction == pytest.approx(210.8, abs=0.05)
    assert found.examples[0].class_ == "Class3"
    assert isinstance(found.features[0], manifest.Number)
    assert found.features[0].range == pytest.approx((-0.0903, 0.1706), abs=5e-5)
    assert found.output.edges == (25.0, 105.25, 185.5, 265.75)
    assert found.output.classes == ("Class0", "Class1", "Class2", "Class3", "Class4")
    assert found.training.score == pytest.approx(0.47, abs=0.005)
    assert (found.training.rows, found.training.held_out) == (422, 20)
    assert found.artifact.rows == "array"


def test_training_twice_gives_the_same_bytes(demo: tuple[Path, Manifest], tmp_path: Path) -> None:
    trained(tmp_path)

    for name in ("slr.json", "slr.joblib", "slr.picture.json"):
        assert (tmp_path / name).read_bytes() == (demo[0] / name).read_bytes()


def test_the_committed_demo_is_what_training_makes(demo: tuple[Path, Manifest]) -> None:
    committed = manifest.decode((APP / "model" / "slr.json").read_bytes())
    if committed.training.data != demo[1].training.data:
        pytest.skip("another model is adopted")

    # The last bit of a floating point number depends on the processor, and the hashes on it.
    for one, other in zip(*(plain(each) for each in (committed, demo[1])), strict=True):
        assert one == (pytest.approx(other, rel=1e-9) if isinstance(other, float) else other)


def test_the_demo_s_picture_has_its_points_since_the_data_is_public(demo: tuple[Path, Manifest]) -> None:
    made = msgspec.json.decode((demo[0] / "slr.picture.json").read_bytes(), type=Picture)

    assert made.points is not None
    assert len(made.points.target) == 422
    assert made.version == demo[1].version


def plain(of: Manifest) -> list[object]:
    """The leaves of a manifest in order, without version and hash."""
    found = msgspec.to_builtins(of)
    del found["version"], found["artifact"]["sha256"]
    return list(leaves(found))


def leaves(of: object) -> list[object]:
    if isinstance(of, dict):
        return [leaf for name, each in of.items() for leaf in (name, *leaves(each))]
    return [leaf for each in of for leaf in leaves(each)] if isinstance(of, list) else [of]
