"""Types of requests and responses, made from the manifest, and decoding into them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from shared.model import malformed, validation
from shared.model.manifest import MAX_CATEGORY_CHARACTERS, Boolean, Category, Feature, Label, Manifest, Text
from shared.problems import MalformedJson, SettingInvalid, TooManyInstances

ENTITY_ID = "entity_id"
ENTITY_HELP = "The entity of the features: features that are not given here come from the feature store."
type EntityId = Annotated[str, Meta(min_length=1, max_length=256)] | int
TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
"""A JSON string."""
ELEMENT = re.compile(rb"[\[,]\s*\{")
"""The start of an object in a list."""
MAX_INSTANCES = 10_000  # one response stays under about 20 ms and a megabyte


class ModelName(Struct, frozen=True, rename={"name": "name"}):
    """The model that made the predictions."""

    name: str
    version: str


class OutsideRange(Struct, frozen=True):
    """A warning: values of `feature` outside the range of the training data. They are predicted all the same."""

    feature: str
    range: tuple[float, float]
    instances: list[int]
    """Positions in the request, from 0."""
    detail: str


class FeatureWarning(Struct, frozen=True, kw_only=True):
    """A warning: values of `feature` that the training data did not have. They are predicted all the same."""

    feature: str
    range: tuple[float, float] | UnsetType = UNSET
    """Of a number. A category that is new to the model has none."""
    instances: list[int]
    """Positions in the request, from 0."""
    detail: str


@dataclass(frozen=True, slots=True)
class Schemas:
    """The request and response types of one manifest's model."""

    manifest: Manifest
    predictions: type[Struct]
    classes: type[Struct]
    decoder: "msgspec.json.Decoder[Any]"
    model: ModelName
    entities: bool
    """True when instances may name an entity, whose features come from a store."""
    max_instances: int = MAX_INSTANCES

    def decode(self, body: bytes) -> list[Struct]:
        """Return the instances in `body`; feature i is the attribute `f{i}`, None where it is missing.

        Raises MalformedJson, TooManyInstances, or InvalidInstances with every bad field.
        """
        body = malformed.without_mark(body)
        if body.count(b"{") > self.max_instances + 1:
            self._refuse_many(body)
        try:
            instances: list[Struct] = self.decoder.decode(body).instances
        except msgspec.ValidationError:  # stops at the first error: a second, slower pass finds them all
            self._raise_invalid(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise MalformedJson(malformed.reason(body)) from None
        if len(instances) > self.max_instances:
            raise TooManyInstances(f"One request may hold {self.max_instances} instances")
        if self.entities and not all(map(self._can_be_completed, instances)):
            self._raise_invalid(body)
        return instances

    def _refuse_many(self, body: bytes) -> None:
        """Raise TooManyInstances when the body has more objects than one request may: to decode them costs seconds.

        Braces inside texts do not count.
        """
        if len(ELEMENT.findall(TEXT.sub(b"", body))) > self.max_instances:
            raise TooManyInstances(f"One request may hold {self.max_instances} instances")

    def _raise_invalid(self, body: bytes) -> NoReturn:
        validation.raise_invalid(body, self.manifest.features, self.max_instances, entities=self.entities)

    def _can_be_completed(self, instance: Struct) -> bool:
        """Return True when only such features are missing as the store may have of the instance's entity."""
        has_entity = entity_of(instance) is not UNSET
        return all(
            feature.optional or (has_entity and feature.stored) or getattr(instance, attribute(i)) is not UNSET
            for i, feature in enumerate(self.manifest.features)
        )


def attribute(position: int) -> str:
    """Return the attribute of an instance for feature `position`: a feature's name may be any text."""
    return f"f{position}"


def entity_of(instance: Struct) -> Any:
    """Return the entity that an instance names; UNSET where it names none. Only with a feature store it can."""
    return getattr(instance, ENTITY_ID)


def build(manifest: Manifest, *, entities: bool = False) -> Schemas:
    """Make the types of a manifest. With `entities`, instances may name one. Raises SettingInvalid."""
    decoder = msgspec.json.Decoder(instances_type(manifest, entities=entities, zero_and_one=True))
    name = ModelName(manifest.name, manifest.version)
    return Schemas(manifest, predictions_type(manifest), classes_type(manifest), decoder, name, entities)


def instances_type(manifest: Manifest, *, entities: bool = False, zero_and_one: bool = False) -> type[Struct]:
    """Return the type of the body of /predict and /predict_class.

    With `zero_and_one` a boolean may be 0 or 1 too. OpenAPI has this in descriptions only: generated clients have no
    type for it.
    """
    fields = [(attribute(i), *_field(feature, entities, zero_and_one)) for i, feature in enumerate(manifest.features)]
    names = {attribute(i): feature.name for i, feature in enumerate(manifest.features)}
    if entities:
        if ENTITY_ID in names.values():
            raise SettingInvalid(reason=f"the model has a feature called {ENTITY_ID}: it cannot have a feature source")
        fields.append((ENTITY_ID, Annotated[EntityId | UnsetType, Meta(description=ENTITY_HELP)], UNSET))
    instance = defstruct("Instance", fields, rename=names, forbid_unknown_fields=True, gc=False, kw_only=True)
    limits = Meta(min_length=1, extra_json_schema={"maxItems": MAX_INSTANCES})
    return defstruct("Instances", [("instances", Annotated[list[instance], limits])], forbid_unknown_fields=True)  # type: ignore[valid-type]


def predictions_type(manifest: Manifest, *, entities: bool = False) -> type[Struct]:
    """Return the type of /predict's response. `entities` changes requests only."""
    output = manifest.output
    item = float if manifest.kind == "regressor" else _label_type(manifest)
    unit = f", in {output.unit}" if output.unit else ""
    description = f"{output.label or output.name}{unit}, one per instance"
    return _response(manifest, "Predictions", [("predictions", Annotated[list[item], Meta(description=description)])])  # type: ignore[valid-type]


def classes_type(manifest: Manifest, *, entities: bool = False) -> type[Struct]:
    """Return the type of /predict_class's response: labels, with values or probabilities."""
    fields: list[tuple[str, Any]] = [("predictions", list[_label_type(manifest)])]  # type: ignore[misc]
    if manifest.kind == "regressor":
        fields.append(("values", Annotated[list[float], Meta(description="The predictions of /predict")]))
    elif manifest.output.probabilities:
        fields.append(("probabilities", Annotated[list[dict[str, float]], Meta(description="Label → probability")]))
    return _response(manifest, "Classes", fields)


def _response(manifest: Manifest, name: str, fields: Sequence[tuple[str, Any]]) -> type[Struct]:
    """Return the type of a response. Only models with open categories have warnings without a range."""
    has_open = any(isinstance(feature, Category) and feature.open for feature in manifest.features)
    warning = FeatureWarning if has_open else OutsideRange
    last = [("warnings", list[warning]), ("request_id", str)]  # type: ignore[valid-type]
    return defstruct(name, [("model", ModelName), *fields, *last], kw_only=True)


def _label_type(manifest: Manifest) -> Any:
    """Return the type of a class's label. JSON Schema can list texts and whole numbers only."""
    labels = manifest.output.classes
    listable = labels and all(isinstance(label, (str, int)) and not isinstance(label, bool) for label in labels)
    return Literal[labels] if listable else Label.__value__


def _field(feature: Feature, entities: bool, zero_and_one: bool) -> tuple[Any, ...]:
    """Return the type of one feature and, where it may be missing, its default."""
    plain = _plain_type(feature, zero_and_one)
    kind = plain | None if feature.optional else plain
    if entities:  # UNSET distinguishes absent, which a store may fill in, from null, which it may not
        kind = kind | UnsetType
    described: Any = Annotated[kind, Meta(title=feature.label or feature.name, description=_description(feature))]
    if entities:
        return described, UNSET
    return (described, None) if feature.optional else (described,)


def _plain_type(feature: Feature, zero_and_one: bool) -> Any:
    """Return the type of one feature's values."""
    if isinstance(feature, Category) and feature.open:
        return Annotated[str, Meta(max_length=MAX_CATEGORY_CHARACTERS, examples=list(feature.values))]
    if isinstance(feature, Category):
        return Literal[feature.values]
    if isinstance(feature, Text):
        return Annotated[str, Meta(max_length=feature.max_length)]
    if isinstance(feature, Boolean):
        return validation.BOOLEAN if zero_and_one else bool
    return float


def _description(feature: Feature) -> str:
    """Return a feature's description in OpenAPI."""
    if isinstance(feature, Boolean):
        return f"{feature.help} The numbers 1 and 0 are accepted too.".strip()
    if isinstance(feature, Text):
        return feature.help
    if isinstance(feature, Category):
        new = "Other values than the examples are predicted too; the response then carries a warning."
        return f"{feature.help} {new}".strip() if feature.open else feature.help
    low, high = feature.range
    unit = f", {feature.unit}" if feature.unit else ""
    trained = f"Trained on {low:g} to {high:g}{unit}; outside it the response carries a warning."
    return f"{feature.help} {trained}".strip()
