"""Instances in, scored rows out: decode, predict, warn, encode. No HTTP, no guard."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from shared import features, model, offload, schemas, settings, telemetry
from shared.model import Model, Scores
from shared.problems import (
    FeaturesInvalid,
    FeaturesUnavailable,
    InvalidInstances,
    MalformedJson,
    ModelUnavailable,
    NoClasses,
    SettingInvalid,
    TooManyInstances,
)
from shared.schemas import Contract, attribute

INLINE_BYTES = 8_192  # a longer body is decoded, predicted and encoded off the event loop: over a millisecond
PROBLEMS = (
    MalformedJson,
    InvalidInstances,
    TooManyInstances,
    ModelUnavailable,
    SettingInvalid,
    FeaturesInvalid,
    FeaturesUnavailable,
)
"""What scoring raises, and the guard before it."""

_encoder = msgspec.json.Encoder()


async def predict(body: bytes, request_id: str) -> bytes:
    """The answer of /predict to `body`: a number, or a classifier's label, per instance."""
    return await _score(body, request_id, _predictions)


async def predict_class(body: bytes, request_id: str) -> bytes:
    """The answer of /predict_class to `body`: a label per instance, with values or probabilities. Raises NoClasses."""
    if not schemas.current().manifest.output.classes:
        raise NoClasses("The model answers numbers, and its manifest names no class edges")
    return await _score(body, request_id, _classes)


type Shape = Callable[[Contract, Model, Sequence[Struct], str], Struct]


async def _score(body: bytes, request_id: str, shape: Shape) -> bytes:
    large = len(body) > INLINE_BYTES
    contract = schemas.current()
    instances = await offload.run(_decoded, contract, body) if large else _decoded(contract, body)
    if contract.entities:
        await features.complete(contract, instances)
    if (sample := settings.current().log_values_sample) and random.random() < sample:  # noqa: S311 - no secret
        telemetry.bind(**_values(contract, instances[0]))
    served = model.served.loaded or await model.served.get()
    work = shape, contract, served, instances, request_id
    return await offload.run(_answered, *work) if large else _answered(*work)


def _decoded(contract: Contract, body: bytes) -> list[Struct]:
    telemetry.bind(model_name=contract.model.name, model_version=contract.model.version)
    with telemetry.step("decode"):
        instances = contract.decode(body)
    telemetry.bind(instances=len(instances))
    return instances


def _answered(shape: Shape, contract: Contract, served: Model, instances: Sequence[Struct], request_id: str) -> bytes:
    with telemetry.step("model"):
        answer = shape(contract, served, instances, request_id)
    with telemetry.step("encode"):
        return _encoder.encode(answer)


def _predictions(contract: Contract, served: Model, instances: Sequence[Struct], request_id: str) -> Struct:
    scores = served.score(instances)
    _tell(contract, scores.predictions, scores)
    return contract.predictions(
        model=contract.model, predictions=scores.predictions, warnings=scores.outside, request_id=request_id
    )


def _classes(contract: Contract, served: Model, instances: Sequence[Struct], request_id: str) -> Struct:
    scores = served.score(instances, probabilities=True)
    more: dict[str, Any] = {}
    labels: Sequence[Any] = scores.predictions
    if contract.manifest.kind == "regressor":
        labels, more = served.classify(scores.predictions), {"values": scores.predictions}
    elif scores.probabilities is not None:
        more = {"probabilities": scores.probabilities}
    _tell(contract, scores.predictions, scores)
    return contract.classes(
        model=contract.model, predictions=labels, warnings=scores.outside, request_id=request_id, **more
    )


def _values(contract: Contract, instance: Struct) -> dict[str, str | float]:
    """The features of one instance as properties of the wide event, for drift queries; a missing one is left out."""
    given = ((feature.name, getattr(instance, attribute(i))) for i, feature in enumerate(contract.manifest.features))
    return {f"value_{name}": value for name, value in given if isinstance(value, (str, float))}


def _tell(contract: Contract, answers: Sequence[Any], scores: Scores) -> None:
    """What the wide event says of the answers: how they are distributed, never a row."""
    if contract.manifest.kind == "regressor":
        spread = {"prediction_min": min(answers), "prediction_mean": sum(answers) / len(answers)}
        telemetry.bind(warnings=len(scores.outside), **spread, prediction_max=max(answers))
    else:
        counts = {f"class_{model.label_text(label)}": count for label, count in Counter(answers).items()}
        telemetry.bind(warnings=len(scores.outside), **counts)
