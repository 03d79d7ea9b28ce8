"""Every bad field of a body that was refused.

The decoder stops at the first error, which is right for speed. This slower pass runs only then: it takes the body
apart level by level, each still undecoded, so that one bad field hides no other.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, NoReturn

import msgspec

from shared.manifest import Feature, Number
from shared.problems import MOST_FIELDS, BadField, InvalidInstances, MalformedJson, TooLarge, TooManyInstances

MOST_ENTITY_CHARACTERS = 256
MOST_VALUES_NAMED = 12  # categories told in a detail; OpenAPI lists them all


def explain(body: bytes, features: Sequence[Feature], most_instances: int, *, entities: bool = False) -> NoReturn:
    """Raise what is wrong with `body`: MalformedJson, TooLarge, TooManyInstances, or InvalidInstances.

    The last names every bad field. Where `entities` is set, an instance may name one, whose features a store has.
    """
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)  # is all of it JSON? a wrong type would end the reading before that
        if body.count(b",") > 2 * most_instances * (len(features) + 1):  # msgspec would hold up everybody for a second
            raise TooLarge("The body holds more values than the instances of one request can have")
        members = _open(body, dict[str, msgspec.Raw])
        instances = _open(members.get("instances", b"null"), list[msgspec.Raw]) if members is not None else None
        if instances is not None and len(instances) > most_instances:
            raise TooManyInstances(f"One request may hold {most_instances} instances")
        found = list(islice(_body(members, instances, features, entities), MOST_FIELDS))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedJson from None
    raise InvalidInstances(_summary(found), fields=found)


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901 §3) to the member that `parts` lead to."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _open(raw: bytes | msgspec.Raw, kind: Any) -> Any:
    """`raw` decoded one level deep, or None when it is JSON of another kind. Raises DecodeError when it is not JSON."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        return None


def _body(
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
        yield from _instance(position, raw, features, entities)


def _instance(position: int, raw: msgspec.Raw, features: Sequence[Feature], entities: bool) -> Iterator[BadField]:
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
    unknown: Iterable[str] = (name for name in values if name not in names)
    yield from (BadField(pointer("instances", position, name), "is not a feature of this model") for name in unknown)
    for feature in features:
        given = values.get(feature.name)
        if given is None and entity is not None and feature.stored:
            continue  # the store has it, or will be asked for it
        if detail := _value(feature, given):
            yield BadField(pointer("instances", position, feature.name), detail)


def _is_entity(raw: msgspec.Raw) -> bool:
    found = _open(raw, str | int)
    return isinstance(found, int) or (isinstance(found, str) and 1 <= len(found) <= MOST_ENTITY_CHARACTERS)


def _value(feature: Feature, raw: msgspec.Raw | None) -> str:
    """What is wrong with one feature's value; empty when nothing is."""
    if raw is None:
        return "" if feature.optional else "is missing"
    if bytes(raw).strip() == b"null":
        return "" if feature.optional else "must not be null"
    if not isinstance(feature, Number):
        known = _open(raw, Literal[feature.values]) is not None
        return "" if known else f"must be {_listed(feature.values)}"
    try:
        msgspec.json.decode(raw, type=float)
    except msgspec.ValidationError as error:
        return "is too large for a number" if "out of range" in str(error) else "must be a number"
    return ""


def _listed(values: Sequence[str]) -> str:
    named = ", ".join(f'"{value}"' for value in values[:MOST_VALUES_NAMED])
    return f"one of {named}{' …' if len(values) > MOST_VALUES_NAMED else ''}"


def _summary(found: Sequence[BadField]) -> str:
    count = f"{MOST_FIELDS} or more fields are" if len(found) == MOST_FIELDS else f"{len(found)} fields are"
    return f"{'One field is' if len(found) == 1 else count} not as the model needs"
