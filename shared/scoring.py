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
    run = offload.run if len(body) > INLINE_BYTES else _at_once
    contract = schemas.current()
    telemetry.bind(model_name=contract.model.name, model_version=contract.model.version)
    with telemetry.step("decode"):
        instances = await run(contract.decode, body)
    telemetry.bind(instances=len(instances))
    if contract.entities:
        await features.complete(contract, instances)
    if random.random() < settings.current().log_values_sample:  # noqa: S311 - which requests tell is no secret
        telemetry.bind(**_values(contract, instances[0]))
    served = await model.served.get()
    with telemetry.step("model"):
        answer = await run(shape, contract, served, instances, request_id)
    with telemetry.step("encode"):
        return await run(_encoder.encode, answer)


async def _at_once[**P, R](function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return function(*args, **kwargs)


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
    telemetry.bind(warnings=len(scores.outside))
    if contract.manifest.kind == "regressor":
        mean = sum(answers) / len(answers)
        telemetry.bind(prediction_min=min(answers), prediction_mean=mean, prediction_max=max(answers))
    else:
        telemetry.bind(**{f"class_{model.label_text(label)}": count for label, count in Counter(answers).items()})
