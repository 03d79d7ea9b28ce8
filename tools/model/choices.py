"""The owner's choices: what is in neither the estimator nor its data, feature by feature."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.model.manifest import Feature
from tools.model.refused import Refused, join_names


class Choices(NamedTuple):
    """Names of features that the owner decides about."""

    optional: Sequence[str] = ()
    """May be missing in requests, although the training data has no gaps in them."""


NO_CHOICES = Choices()


def refuse_unknown(choices: Choices, features: Sequence[Feature]) -> None:
    """Raise Refused for a name that is no feature: it is a typing error."""
    known = [feature.name for feature in features]
    for option, names in choices._asdict().items():
        if unknown := [name for name in names if name not in known]:
            raise Refused(
                f"The option {option} names columns that are no features of the model: {join_names(unknown)}. "
                f"The features are: {join_names(known)}."
            )
