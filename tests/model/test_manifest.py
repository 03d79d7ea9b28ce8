"""The manifest: refused when it is not valid."""

import msgspec
import pytest

from shared.model.manifest import Number, decode
from shared.problems import ModelCorrupt
from tests.models import MIXED, manifest


def test_a_manifest_is_the_same_after_writing_and_reading() -> None:
    described = manifest(MIXED)
    assert decode(msgspec.json.encode(described)) == described


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", msgspec.json.encode(manifest()).replace(b'"regressor"', b'"clusterer"')],
    ids=["empty", "no members", "a list", "not UTF-8", "unknown kind"],
)
def test_an_invalid_manifest_is_model_integrity(content: bytes) -> None:
    with pytest.raises(ModelCorrupt):
        decode(content)


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb"], ids=["quote", "backslash", "line"])
def test_a_name_that_the_service_s_types_cannot_have_is_model_integrity(name: str) -> None:
    described = manifest([Number(name=name, range=(0.0, 1.0))])
    with pytest.raises(ModelCorrupt) as caught:
        decode(msgspec.json.encode(described))
    assert "a feature's name" in caught.value.reason
