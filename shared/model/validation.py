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
from shared.model.manifest import MAX_CATEGORY_CHARACTERS, Boolean, Category, Feature, Number, Text
from shared.problems import (
    MAX_BAD_FIELDS,
    BadField,
    InvalidInstances,
    MalformedJson,
    Reason,
    TooLarge,
    TooManyInstances,
    pointer,
)

MAX_ENTITY_LENGTH = 256
BOOLEAN: Any = bool | Annotated[float, Meta(ge=0, le=1, multiple_of=1)]
TOO_LARGE_NUMBER = "is too large for a number"
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
        yield BadField("", 'must be an object like {"instances": [{…}]}', Reason.WRONG_SHAPE)
        return
    for name in members:
        if name != "instances":
            yield BadField(pointer(name), "is not a member of the request", Reason.UNKNOWN_FIELD)
    if "instances" not in members:
        yield BadField("/instances", "is missing", Reason.MISSING)
    elif instances is None:
        yield BadField("/instances", "must be a list of instances", Reason.WRONG_SHAPE)
    elif not instances:
        yield BadField("/instances", "must hold at least one instance", Reason.WRONG_SHAPE)
    for position, raw in enumerate(instances or ()):
        yield from _in_instance(position, raw, features, entities)


def _in_instance(position: int, raw: msgspec.Raw, features: Sequence[Feature], entities: bool) -> Iterator[BadField]:
    values = _open(raw, dict[str, msgspec.Raw])
    if values is None:
        yield BadField(pointer("instances", position), "must be an object, feature → value", Reason.WRONG_SHAPE)
        return
    entity = values.pop("entity_id", None) if entities else None
    if entity is not None and not _is_entity(entity):
        detail = "must be a text of 1 to 256 characters or an integer"
        yield BadField(pointer("instances", position, "entity_id"), detail, Reason.UNKNOWN_ENTITY)
    names = {feature.name for feature in features}
    for name in values:
        if name not in names:
            place = pointer("instances", position, name)
            yield BadField(place, "is not a feature of this model", Reason.UNKNOWN_FIELD)
    for feature in features:
        value = values.get(feature.name)
        if value is None and entity is not None and feature.stored:
            continue  # it comes from the store
        if detail := _fault(feature, value):
            place = pointer("instances", position, feature.name)
            yield BadField(place, detail, _reason(feature, value), feature.name)


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


def _reason(feature: Feature, raw: msgspec.Raw | None) -> Reason:
    """Return the code of a fault that `_fault` found."""
    if raw is None:
        return Reason.MISSING
    if bytes(raw).strip() == b"null":
        return Reason.NULL
    if isinstance(feature, Number):
        return Reason.OUT_OF_BOUNDS if _number_fault(raw) == TOO_LARGE_NUMBER else Reason.NOT_A_NUMBER
    if isinstance(feature, Boolean):
        return Reason.NOT_A_BOOLEAN
    if _open(raw, str) is None:
        return Reason.NOT_A_TEXT
    return Reason.UNKNOWN_CATEGORY if isinstance(feature, Category) and not feature.open else Reason.TOO_LONG


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
        return TOO_LARGE_NUMBER if "out of range" in str(error) else "must be a number"
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
