"""The files of the manifest: read once, and completed by the data file."""

import hashlib
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from shared.model.manifest import APP, Data, DataFile, Linear, Statistics
from shared.model.manifest_file import ManifestFile
from shared.problems import ModelCorrupt, ModelUnavailable, SettingInvalid
from shared.settings import Settings
from tests.models import manifest, write


def manifest_file(path: Path | str) -> ManifestFile:
    return ManifestFile(Settings.read({"MODEL_MANIFEST": str(path)}))


def test_the_setting_names_the_file(tmp_path: Path) -> None:
    path = write(manifest(name="mine"), tmp_path / "mine.json")
    assert manifest_file(path).manifest.name == "mine"


def test_a_relative_path_starts_at_the_app() -> None:
    assert manifest_file("model/other.json").path == APP / "model" / "other.json"
    assert (APP / "function_app.py").exists()


def test_a_missing_manifest_is_model_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        _ = manifest_file(tmp_path / "gone.json").manifest
    assert caught.value.slug == "model-missing"
    assert str(tmp_path) not in caught.value.detail


def test_an_invalid_setting_is_reported_as_such() -> None:
    with pytest.raises(SettingInvalid):
        _ = manifest_file("@Microsoft.KeyVault(SecretUri=https://vault.example/x)").content


def test_the_file_is_read_once_and_a_missing_one_again(tmp_path: Path) -> None:
    file = manifest_file(tmp_path / "mine.json")
    with pytest.raises(ModelUnavailable):
        _ = file.manifest
    write(manifest(), tmp_path / "mine.json")
    first = file.manifest
    (tmp_path / "mine.json").unlink()
    assert file.manifest is first


DATA = Data(statistics=Statistics(quantiles={"x": (1.0,) * 7}), weights=(2.0,), examples=manifest().examples * 2)


def divided(folder: Path, content: bytes) -> ManifestFile:
    """Write a manifest whose data file has this content."""
    linear = Linear(intercept=1.0, difference=0.0, tolerance=1e-9)
    whole = manifest()
    data = DataFile(file="mine.data.json", sha256=hashlib.sha256(content).hexdigest())
    write(replace(whole, artifact=replace(whole.artifact, linear=linear), data=data), folder / "mine.json")
    (folder / "mine.data.json").write_bytes(content)
    return manifest_file(folder / "mine.json")


def test_the_data_file_completes_the_manifest(tmp_path: Path) -> None:
    read = divided(tmp_path, msgspec.json.encode(DATA)).manifest

    assert read.artifact.linear is not None
    assert (read.statistics, read.artifact.linear.weights, read.examples) == (
        DATA.statistics,
        DATA.weights,
        DATA.examples,
    )


def test_the_public_content_has_no_data(tmp_path: Path) -> None:
    assert b"weights" not in divided(tmp_path, msgspec.json.encode(DATA)).content


def test_a_missing_data_file_is_model_missing(tmp_path: Path) -> None:
    file = divided(tmp_path, msgspec.json.encode(DATA))
    (tmp_path / "mine.data.json").unlink()

    with pytest.raises(ModelUnavailable) as caught:
        _ = file.manifest
    assert caught.value.slug == "model-missing"


@pytest.mark.parametrize("change", [b"", b"\n"], ids=["not JSON", "another SHA-256"])
def test_a_damaged_data_file_is_model_integrity(tmp_path: Path, change: bytes) -> None:
    file = divided(tmp_path, b"{")
    (tmp_path / "mine.data.json").write_bytes(b"{" + change)

    with pytest.raises(ModelCorrupt):
        _ = file.manifest
