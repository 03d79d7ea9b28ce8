"""JSON Schema in the form that client generators read.

Several of them stop at a tuple's `prefixItems`, have no type for an `enum` without one, mix up alternatives in `anyOf`,
cannot name a class `Boolean`, or take a member with a default for one that is always there. Nothing else changes.
"""

from collections.abc import Mapping
from typing import Any

PREFIX = "#/components/schemas/"
NAMES: Mapping[str, str] = {
    "Number": "NumberFeature",
    "Category": "CategoryFeature",
    "Boolean": "BooleanFeature",
    "Text": "TextFeature",
}
"""Schemas with the name of a type in some language, and their other names."""
TYPES: Mapping[type, str] = {str: "string", bool: "boolean", int: "integer"}
VALUES = frozenset({"enum", "examples"})
"""Keywords with values of the data."""


def components(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schemas under their other names, each in its portable form. A title is a class's name too."""
    forms = {NAMES.get(name, name): portable(schema) for name, schema in schemas.items()}
    return {name: {**form, "title": name} for name, form in forms.items()}


def portable(schema: Any) -> Any:
    """Return a schema, with all that are inside it, in its portable form."""
    if isinstance(schema, list):
        return [portable(item) for item in schema]
    if isinstance(schema, str):
        return _reference(schema)
    if not isinstance(schema, dict):
        return schema
    members = {name: _member(name, value) for name, value in schema.items() if name != "default"}
    return _as_one_of(_with_type(_as_list(members)))


def _member(name: str, value: Any) -> Any:
    """Return a keyword's value in its portable form. Below `properties` are names of the data."""
    if name in VALUES:
        return value
    if name == "properties":
        return {key: portable(schema) for key, schema in value.items()}
    return portable(value)


def _reference(text: str) -> str:
    name = text.removeprefix(PREFIX)
    return f"{PREFIX}{NAMES[name]}" if name in NAMES and text != name else text


def _as_list(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a tuple of one type as a list with that many items."""
    items = schema.get("prefixItems")
    if not items or any(item != items[0] for item in items):
        return schema
    kept = {name: value for name, value in schema.items() if name != "prefixItems"}
    return {**kept, "items": items[0]}


def _with_type(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an enumeration with the type of its values, where they have one."""
    values = schema.get("enum", ())
    if "type" in schema or len({type(value) for value in values}) != 1:
        return schema
    name = TYPES.get(type(values[0]))
    return {"type": name, **schema} if name else schema


def _as_one_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Return alternatives that a member distinguishes as `oneOf`: it is never more than one."""
    if "discriminator" not in schema:
        return schema
    return {("oneOf" if name == "anyOf" else name): value for name, value in schema.items()}
