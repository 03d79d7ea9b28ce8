"""The manifest: read once, and refused when it does not hold together."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from shared import manifest
from shared.problems import ModelCorrupt, ModelUnavailable, SettingInvalid
from tests.models import MIXED
from tests.models import manifest as made


def test_a_manifest_survives_being_written_and_read() -> None:
    whole = made(MIXED)
    assert manifest.decode(msgspec.json.encode(whole)) == whole


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", msgspec.json.encode(made()).replace(b'"regressor"', b'"clusterer"')],
    ids=["empty", "nothing in it", "a list", "not UTF-8", "unknown kind"],
)
def test_a_manifest_that_does_not_hold_together_is_model_integrity(content: bytes) -> None:
    with pytest.raises(ModelCorrupt):
        manifest.decode(content)


def test_the_setting_names_the_file(told: Callable[..., object], tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(msgspec.json.encode(made(name="mine")))
    told(MODEL_MANIFEST=str(tmp_path / "mine.json"))
    assert manifest.current().name == "mine"


def test_a_relative_path_starts_at_the_app(told: Callable[..., object]) -> None:
    told(MODEL_MANIFEST="model/other.json")
    assert manifest.path() == Path(manifest.__file__).parent.parent / "model" / "other.json"


def test_a_missing_manifest_is_model_missing(told: Callable[..., object], tmp_path: Path) -> None:
    told(MODEL_MANIFEST=str(tmp_path / "gone.json"))
    with pytest.raises(ModelUnavailable) as caught:
        manifest.current()
    assert caught.value.slug == "model-missing"
    assert str(tmp_path) not in caught.value.detail


def test_a_bad_setting_is_told_as_such(told: Callable[..., object]) -> None:
    told(MODEL_MANIFEST="@Microsoft.KeyVault(SecretUri=https://vault.example/x)")
    with pytest.raises(SettingInvalid):
        manifest.content()


def test_the_file_is_read_once(told: Callable[..., object], tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(msgspec.json.encode(made()))
    told(MODEL_MANIFEST=str(file))
    first = manifest.current()
    file.unlink()
    assert manifest.current() is first
