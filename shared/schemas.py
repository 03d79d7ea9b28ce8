"""Instances and answers: the types that the manifest makes, decoding into them, and the answers' own form."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from shared import faults, manifest, settings
from shared.manifest import Feature, Label, Manifest, Number
from shared.problems import MalformedJson, SettingInvalid, TooManyInstances

ENTITY_ID = "entity_id"
ENTITY_HELP = "Whose features these are: what is not given here comes from the feature store."
type EntityId = Annotated[str, Meta(min_length=1, max_length=256)] | int
MOST_INSTANCES = 10_000  # one answer stays under about 20 ms and a megabyte


class ModelName(Struct, frozen=True, rename={"name": "name"}):
    """The model that answered."""

    name: str
    version: str


class OutsideRange(Struct, frozen=True):
    """A warning: values of `feature` that the model saw none of when it was trained. They are answered all the same."""

    feature: str
    range: tuple[float, float]
    instances: list[int]
    """Positions in the request, from 0."""
    detail: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What one manifest's model takes and gives, as types."""

    manifest: Manifest
    request: type[Struct]
    predictions: type[Struct]
    classes: type[Struct]
    decoder: "msgspec.json.Decoder[Any]"
    model: ModelName
    entities: bool
    """Whether instances may name an entity whose features come from a store."""

    def decode(self, body: bytes) -> list[Struct]:
        """The instances in `body`; feature i is the attribute `f{i}`, None where it is missing.

        Raises MalformedJson, TooManyInstances, or InvalidInstances with every bad field.
        """
        try:
            instances: list[Struct] = self.decoder.decode(body).instances
        except msgspec.ValidationError:  # stops at the first error: a second, slower pass finds them all
            self._explain(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise MalformedJson from None
        if len(instances) > MOST_INSTANCES:
            raise TooManyInstances(f"One request may hold {MOST_INSTANCES} instances")
        if self.entities and not all(map(self._can_be_completed, instances)):
            self._explain(body)
        return instances

    def _explain(self, body: bytes) -> NoReturn:
        faults.explain(body, self.manifest.features, MOST_INSTANCES, entities=self.entities)

    def _can_be_completed(self, instance: Struct) -> bool:
        """Whether nothing is missing but what a store may have of the entity that the instance names."""
        named = instance.entity_id is not UNSET  # type: ignore[attr-defined]
        return all(
            feature.optional or (named and feature.stored) or getattr(instance, attribute(i)) is not UNSET
            for i, feature in enumerate(self.manifest.features)
        )


def attribute(position: int) -> str:
    """The attribute of an instance that holds feature `position`: names of features may be any text."""
    return f"f{position}"


def contract(of: Manifest) -> Contract:
    """The types that `of` makes, with the feature source that the settings name."""
    request = request_type(of)
    name = ModelName(of.name, of.version)
    decoder = msgspec.json.Decoder(request)
    return Contract(of, request, predictions_type(of), classes_type(of), decoder, name, _has_source())


@cache
def current() -> Contract:
    """The contract of the model that this process serves, made once."""
    return contract(manifest.current())


def request_type(of: Manifest) -> type[Struct]:
    """The body of /predict and /predict_class."""
    entities = _has_source()
    fields = [(attribute(i), *_field(feature, entities)) for i, feature in enumerate(of.features)]
    names = {attribute(i): feature.name for i, feature in enumerate(of.features)}
    if entities:
        if ENTITY_ID in names.values():
            raise SettingInvalid(reason=f"the model has a feature called {ENTITY_ID}: it cannot have a feature source")
        fields.append((ENTITY_ID, Annotated[EntityId | UnsetType, Meta(description=ENTITY_HELP)], UNSET))
    instance = defstruct("Instance", fields, rename=names, forbid_unknown_fields=True, gc=False, kw_only=True)
    many = Annotated[list[instance], Meta(min_length=1, extra_json_schema={"maxItems": MOST_INSTANCES})]  # type: ignore[valid-type]
    return defstruct("Instances", [("instances", many)], forbid_unknown_fields=True)


def predictions_type(of: Manifest) -> type[Struct]:
    """The answer of /predict."""
    item = float if of.kind == "regressor" else _label(of)
    unit = f", in {of.output.unit}" if of.output.unit else ""
    many = Annotated[list[item], Meta(description=f"{of.output.label or of.output.name}{unit}, one per instance")]  # type: ignore[valid-type]
    return _answer("Predictions", [("predictions", many)])


def classes_type(of: Manifest) -> type[Struct]:
    """The answer of /predict_class: labels, with a regressor's values or a classifier's probabilities."""
    fields: list[tuple[str, Any]] = [("predictions", list[_label(of)])]  # type: ignore[misc]
    if of.kind == "regressor":
        fields.append(("values", Annotated[list[float], Meta(description="What /predict answers")]))
    elif of.output.probabilities:
        fields.append(("probabilities", Annotated[list[dict[str, float]], Meta(description="Label → probability")]))
    return _answer("Classes", fields)


def _answer(name: str, fields: list[tuple[str, Any]]) -> type[Struct]:
    after = [("warnings", list[OutsideRange]), ("request_id", str)]
    return defstruct(name, [("model", ModelName), *fields, *after], kw_only=True)


def _label(of: Manifest) -> Any:
    """The type of a class's label. JSON Schema can list texts and whole numbers only."""
    labels = of.output.classes
    listable = labels and all(isinstance(each, (str, int)) and not isinstance(each, bool) for each in labels)
    return Literal[labels] if listable else Label.__value__


def _has_source() -> bool:
    return settings.current().features_source != "none"


def _field(feature: Feature, entities: bool) -> tuple[Any, ...]:
    """Type and, where the feature may be missing, default of one feature."""
    plain: Any = float if isinstance(feature, Number) else Literal[feature.values]
    kind = plain | None if feature.optional else plain
    if entities:  # UNSET tells absent, which a store may fill, from null, which it may not
        kind = kind | UnsetType
    described: Any = Annotated[kind, Meta(title=feature.label or feature.name, description=_description(feature))]
    if entities:
        return described, UNSET
    return (described, None) if feature.optional else (described,)


def _description(feature: Feature) -> str:
    """What OpenAPI says of a feature."""
    if not isinstance(feature, Number):
        return feature.help
    low, high = feature.range
    unit = f", {feature.unit}" if feature.unit else ""
    trained = f"Trained on {low:g} to {high:g}{unit}; outside it the answer carries a warning."
    return f"{feature.help} {trained}".strip()
