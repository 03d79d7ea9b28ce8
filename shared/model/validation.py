"""A list of every bad field in a refused body.

The decoder stops at the first error, which is right for speed. This slower pass runs only afterwards. It decodes the
body level by level, so that one bad field hides no other.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec import Meta

from shared.model import malformed
from shared.model.manifest import MAX_CATEGORY_CHARACTERS, Boolean, Feature, Number, Text
from shared.problems import (
    MAX_BAD_FIELDS,
    BadField,
    InvalidInstances,
    MalformedJson,
    TooLarge,
    TooManyInstances,
    pointer,
)

MAX_ENTITY_LENGTH = 256
BOOLEAN: Any = bool | Annotated[float, Meta(ge=0, le=1, multiple_of=1)]
MAX_CATEGORIES_LISTED = 12  # in a detail; OpenAPI lists all


def raise_invalid(body: bytes, features: Sequence[Feature], max_instances: int, *, entities: bool = False) -> NoReturn:
    """Raise what is wrong with `body`: MalformedJson, TooLarge, TooManyInstances, or InvalidInstances.

    The last one lists every bad field. With `entities`, an instance may name one, whose features the store has.
    """
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)  # a wrong type stops a decoder before it has read all of the body
        if body.count(b",") > 2 * max_instances * (len(features) + 1):  # msgspec would block every request for a second
            raise TooLarge("The body holds more values than the instances of one request can have")
        members = _open(body, dict[str, msgspec.Raw])
        instances = _open(members.get("instances", b"null"), list[msgspec.Raw]) if members is not None else None
        if instances is not None and len(instances) > max_instances:
            raise TooManyInstances(f"One request may hold {max_instances} instances")
        bad_fields = list(islice(_in_body(members, instances, features, entities), MAX_BAD_FIELDS))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedJson(malformed.reason(body)) from None
    raise InvalidInstances(_summary(bad_fields), bad_fields=bad_fields)


def _open(raw: bytes | msgspec.Raw, kind: Any) -> Any:
    """Decode `raw` one level deep. Returns None for JSON of another type. Raises DecodeError when it is not JSON."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        return None


def _in_body(
    members: dict[str, msgspec.Raw] | None,
    instances: list[msgspec.Raw] | None,
    features: Sequence[Feature],
    entities: bool,
) -> Iterator[BadField]:
    if members is None:
        yield BadField("", 'must be an object like {"instances": [{…}]}')
        return
    yield from (BadField(pointer(name), "is not a member of the request") for name in members if name != "instances")
    if instances is None:
        yield BadField("/instances", "must be a list of instances" if "instances" in members else "is missing")
    elif not instances:
        yield BadField("/instances", "must hold at least one instance")
    for position, raw in enumerate(instances or ()):
        yield from _in_instance(position, raw, features, entities)


def _in_instance(position: int, raw: msgspec.Raw, features: Sequence[Feature], entities: bool) -> Iterator[BadField]:
    values = _open(raw, dict[str, msgspec.Raw])
    if values is None:
        yield BadField(pointer("instances", position), "must be an object, feature → value")
        return
    entity = values.pop("entity_id", None) if entities else None
    if entity is not None and not _is_entity(entity):
        yield BadField(
            pointer("instances", position, "entity_id"), "must be a text of 1 to 256 characters or an integer"
        )
    names = {feature.name for feature in features}
    for name in values:
        if name not in names:
            yield BadField(pointer("instances", position, name), "is not a feature of this model")
    for feature in features:
        value = values.get(feature.name)
        if value is None and entity is not None and feature.stored:
            continue  # it comes from the store
        if detail := _fault(feature, value):
            yield BadField(pointer("instances", position, feature.name), detail)


def _is_entity(raw: msgspec.Raw) -> bool:
    value = _open(raw, str | int)
    return isinstance(value, int) or (isinstance(value, str) and 1 <= len(value) <= MAX_ENTITY_LENGTH)


def _fault(feature: Feature, raw: msgspec.Raw | None) -> str:
    """Return what is wrong with one feature's value; empty when nothing is."""
    if raw is None:
        return "" if feature.optional else "is missing"
    if bytes(raw).strip() == b"null":
        return "" if feature.optional else "must not be null"
    fault = _type_fault(feature, raw)
    return f"{fault.replace(' or ', ', ')} or null" if fault and feature.optional else fault


def _type_fault(feature: Feature, raw: msgspec.Raw) -> str:
    if isinstance(feature, Boolean):
        return "" if _open(raw, BOOLEAN) is not None else "must be true or false"
    if isinstance(feature, Number):
        return _number_fault(raw)
    if isinstance(feature, Text):
        return _text_fault(raw, feature.max_length)
    if feature.open:
        return _text_fault(raw, MAX_CATEGORY_CHARACTERS)
    known = _open(raw, Literal[feature.values]) is not None
    return "" if known else f"must be {_one_of(feature.values)}"


def _number_fault(raw: msgspec.Raw) -> str:
    try:
        msgspec.json.decode(raw, type=float)
    except msgspec.ValidationError as error:
        return "is too large for a number" if "out of range" in str(error) else "must be a number"
    return ""


def _text_fault(raw: msgspec.Raw, max_characters: int) -> str:
    text = _open(raw, str)
    return (
        ""
        if text is not None and len(text) <= max_characters
        else f"must be a text of at most {max_characters} characters"
    )


def _one_of(values: Sequence[str]) -> str:
    listed = ", ".join(f'"{value}"' for value in values[:MAX_CATEGORIES_LISTED])
    return f"one of {listed}{' …' if len(values) > MAX_CATEGORIES_LISTED else ''}"


def _summary(bad_fields: Sequence[BadField]) -> str:
    count = len(bad_fields)
    if count == 1:
        return "One field is not as the model needs"
    return f"{f'{count} or more' if count == MAX_BAD_FIELDS else count} fields are not as the model needs"
