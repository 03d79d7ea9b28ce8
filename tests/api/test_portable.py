"""JSON Schema as client generators read it."""

from typing import Any, Literal

import msgspec
import pytest
from msgspec import Struct

from shared.api.portable import components, portable
from shared.model.manifest import Feature


class Reading(Struct):
    range: tuple[float, float]
    pair: tuple[float, str]
    status: Literal["ok", "late"] = "ok"
    level: Literal[1, 2] = 1
    mixed: Literal[1, "one"] = 1
    default: int = 3
    enum: str = "a"


def described(kind: type) -> dict[str, Any]:
    (_,), schemas = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    return components(schemas)


def test_a_pair_of_numbers_is_a_list_of_two_numbers() -> None:
    properties = portable(msgspec.json.schema(Reading))["$defs"]["Reading"]["properties"]
    assert properties["range"] == {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}}


def test_a_pair_of_different_types_stays_a_tuple() -> None:
    properties = portable(msgspec.json.schema(Reading))["$defs"]["Reading"]["properties"]
    assert [item["type"] for item in properties["pair"]["prefixItems"]] == ["number", "string"]


@pytest.mark.parametrize(("name", "type_"), [("status", "string"), ("level", "integer"), ("mixed", None)])
def test_an_enumeration_has_the_type_of_its_values(name: str, type_: str | None) -> None:
    properties = portable(msgspec.json.schema(Reading))["$defs"]["Reading"]["properties"]
    assert properties[name].get("type") == type_


def test_members_have_no_defaults_whatever_they_are_called() -> None:
    properties = portable(msgspec.json.schema(Reading))["$defs"]["Reading"]["properties"]
    assert properties["default"] == {"type": "integer"}
    assert properties["enum"] == {"type": "string"}


def test_alternatives_with_a_distinguishing_member_are_one_of_them() -> None:
    class Holder(Struct):
        feature: Feature

    schemas = described(Holder)
    alternatives = schemas["Holder"]["properties"]["feature"]
    names = ["NumberFeature", "CategoryFeature", "BooleanFeature", "TextFeature"]
    assert sorted(schemas) == sorted(["Holder", *names])
    assert alternatives["oneOf"] == [{"$ref": f"#/components/schemas/{name}"} for name in names]
    assert list(alternatives["discriminator"]["mapping"].values()) == [f"#/components/schemas/{name}" for name in names]
    assert "anyOf" not in alternatives


def test_values_of_the_data_stay_as_they_are() -> None:
    schema = {"type": "string", "enum": ["#/components/schemas/Text"], "examples": [{"default": 1}]}
    assert portable(schema) == schema
