"""Instances in, scored rows out: decode, predict, warn, encode. No HTTP, no guard."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
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

INLINE_BYTES = 32_768  # a longer body, 1,000 rows or more, is worked on off the event loop: over half a millisecond
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
    telemetry.bind(model_name=contract.model.name, model_version=contract.model.version)
    with telemetry.step("decode"):
        instances = await offload.run(contract.decode, body) if large else contract.decode(body)
    telemetry.bind(instances=len(instances))
    if contract.entities:
        await features.complete(contract, instances)
    if (sample := settings.current().log_values_sample) and random.random() < sample:  # noqa: S311 - no secret
        telemetry.bind(**_values(contract, instances[0]))
    served = model.served.loaded or await model.served.get()
    work = telemetry.step("model"), partial(shape, contract, served, instances, request_id)
    return await offload.run(_answered, *work) if large or served.slow else _answered(*work)


def _answered(step: telemetry.step, answer: Callable[[], Struct]) -> bytes:
    with step:
        found = answer()
    with telemetry.step("encode"):
        return _encoder.encode(found)


def _predictions(contract: Contract, served: Model, instances: Sequence[Struct], request_id: str) -> Struct:
    scores = served.score(instances)
    _tell(scores)
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
    _tell(scores)
    return contract.classes(
        model=contract.model, predictions=labels, warnings=scores.outside, request_id=request_id, **more
    )


def _values(contract: Contract, instance: Struct) -> dict[str, str | float]:
    """The features of one instance as properties of the wide event, for drift queries; a missing one is left out."""
    given = ((feature.name, getattr(instance, attribute(i))) for i, feature in enumerate(contract.manifest.features))
    return {f"value_{name}": value for name, value in given if isinstance(value, (str, float))}


def _tell(scores: Scores) -> None:
    """What the wide event says of the answers: how they are distributed, never a row."""
    if scores.spread:
        least, mean, greatest = scores.spread
        spread = {"prediction_min": least, "prediction_mean": mean, "prediction_max": greatest}
        telemetry.bind(warnings=len(scores.outside), **spread)
    else:
        counts = Counter(scores.predictions)
        told = {f"class_{model.label_text(label)}": count for label, count in counts.items()}
        telemetry.bind(warnings=len(scores.outside), **told)
