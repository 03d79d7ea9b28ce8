"""Instances in, predictions out: decode, complete, predict, warn, encode. No HTTP, no authorization."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from shared import telemetry
from shared.challenger import Challenger
from shared.features import Features
from shared.model import schemas
from shared.model.loader import LazyModel, Model, Predictions
from shared.model.manifest import Boolean, Category, Feature, Text, label_text
from shared.model.manifest_file import ManifestFile
from shared.model.schemas import Schemas, attribute
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
from shared.settings import Settings
from shared.threads import Pool

MAX_INLINE_BYTES = 32_768  # a longer body, 1,000 rows or more, takes over half a millisecond: not on the event loop
PREDICT_PROBLEMS = (
    MalformedJson,
    InvalidInstances,
    TooManyInstances,
    ModelUnavailable,
    SettingInvalid,
    FeaturesInvalid,
    FeaturesUnavailable,
)
"""Raised by a prediction, and by the authorization before it."""
NEW_CATEGORY = "(new to the model)"

_encoder = msgspec.json.Encoder()


class Answer(NamedTuple):
    """A response, and the model's predictions in it."""

    response: Struct
    predictions: Sequence[Any]
    """Numbers of a regressor, labels of a classifier."""


type Respond = Callable[[Schemas, Model, Sequence[Struct], str], Answer]
"""Makes the response for some instances; the last argument is the request's id."""


class Predictor:
    """Schemas, features and model together."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a service that a prediction needs
        self,
        settings: Settings,
        manifest_file: ManifestFile,
        model: LazyModel,
        features: Features,
        pool: Pool,
        challenger: Challenger | None = None,
    ) -> None:
        self._settings = settings
        self._manifest_file = manifest_file
        self._lazy_model = model
        self._features = features
        self._challenger = challenger
        self.pool = pool
        """For work that takes over a millisecond."""
        self._built: Schemas | None = None

    @property
    def schemas(self) -> Schemas:
        """The types of the served model. Raises ModelUnavailable or SettingInvalid."""
        if self._built is None:
            self._built = schemas.build(self._manifest_file.manifest, entities=self._settings.has_feature_store)
        return self._built

    async def predict(self, body: bytes, request_id: str) -> bytes:
        """Return the response of /predict: a number, or a classifier's label, for every instance."""
        return await self._predict(body, request_id, _predictions)

    async def predict_class(self, body: bytes, request_id: str) -> bytes:
        """Return the response of /predict_class: a label for every instance, with values or probabilities.

        Raises NoClasses for a regressor without class edges.
        """
        if not self.schemas.manifest.output.classes:
            raise NoClasses("The model is a regressor, and its manifest has no class edges")
        return await self._predict(body, request_id, _classes)

    async def decode(self, body: bytes) -> list[Struct]:
        """Return the instances in `body`, completed from the feature store where there is one.

        Raises InvalidInstances and the other problems of a bad body, or those of the feature store.
        """
        schemas = self.schemas
        telemetry.bind(model_name=schemas.model.name, model_version=schemas.model.version)
        with telemetry.step("decode"):
            large = len(body) > MAX_INLINE_BYTES
            instances = await self.pool.run(schemas.decode, body) if large else schemas.decode(body)
        telemetry.bind(instances=len(instances))
        if schemas.entities:
            await self._features.complete(schemas.manifest, instances)
        if (share := self._settings.log_values_sample) and random.random() < share:  # noqa: S311 - no secret
            telemetry.bind(**_values(schemas, instances[0]))
        return instances

    async def model(self) -> Model:
        """Return the loaded model. Raises ModelUnavailable or SettingInvalid."""
        return self._lazy_model.loaded or await self._lazy_model.get()

    async def _predict(self, body: bytes, request_id: str, respond: Respond) -> bytes:
        instances = await self.decode(body)
        model = await self.model()
        work = telemetry.step("model"), partial(respond, self.schemas, model, instances, request_id)
        in_thread = model.slow or len(body) > MAX_INLINE_BYTES
        encoded, predictions = await self.pool.run(_encoded, *work) if in_thread else _encoded(*work)
        if self._challenger is not None:
            self._challenger.offer(model.manifest, instances, predictions)
        return encoded


def _encoded(step: telemetry.step, respond: Callable[[], Answer]) -> tuple[bytes, Sequence[Any]]:
    with step:
        response, predictions = respond()
    with telemetry.step("encode"):
        return _encoder.encode(response), predictions


def _predictions(schemas: Schemas, model: Model, instances: Sequence[Struct], request_id: str) -> Answer:
    result = model.predict(instances)
    _bind_summary(result)
    response = schemas.predictions(
        model=schemas.model, predictions=result.predictions, warnings=result.warnings, request_id=request_id
    )
    return Answer(response, result.predictions)


def _classes(schemas: Schemas, model: Model, instances: Sequence[Struct], request_id: str) -> Answer:
    result = model.predict(instances, probabilities=True)
    labels: Sequence[Any] = result.predictions
    members: dict[str, Any] = {}
    if schemas.manifest.kind == "regressor":
        labels, members = model.classify(result.predictions), {"values": result.predictions}
    elif result.probabilities is not None:
        members = {"probabilities": result.probabilities}
    _bind_summary(result)
    response = schemas.classes(
        model=schemas.model, predictions=labels, warnings=result.warnings, request_id=request_id, **members
    )
    return Answer(response, result.predictions)


def _values(schemas: Schemas, instance: Struct) -> dict[str, str | float]:
    """Return the features of one instance as properties of the wide event, for drift queries; no missing ones."""
    values = ((feature, getattr(instance, attribute(i))) for i, feature in enumerate(schemas.manifest.features))
    present = ((feature, value) for feature, value in values if isinstance(value, (str, float, int)))
    return {f"value_{feature.name}": _property(feature, value) for feature, value in present}


def _property(feature: Feature, value: str | float) -> str | float:
    """Return a value as the statistics of the training data have it, so that queries can compare both.

    What a client wrote into a text stays out of telemetry.
    """
    if isinstance(feature, Boolean):
        return label_text(bool(value))
    if isinstance(value, str) and isinstance(feature, Text):
        return float(len(value))
    return NEW_CATEGORY if isinstance(feature, Category) and value not in feature.values else value


def _bind_summary(result: Predictions) -> None:
    """Put the distribution of the predictions on the wide event, never a row."""
    telemetry.bind(warnings=len(result.warnings))
    if result.summary:
        minimum, mean, maximum = result.summary
        telemetry.bind(prediction_min=minimum, prediction_mean=mean, prediction_max=maximum)
    else:
        counts = Counter(result.predictions)
        telemetry.bind(**{f"class_{label_text(label)}": count for label, count in counts.items()})
