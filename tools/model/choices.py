"""The owner's choices about features: what is in neither the estimator nor its data."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.model.manifest import Feature
from tools.model.refused import Refused, join_names


class Choices(NamedTuple):
    """The owner's decisions. Features are named."""

    optional: Sequence[str] = ()
    """May be missing in requests, although the training data has no gaps in them."""
    closed: bool = False
    """No category accepts texts that are new to the model."""


NO_CHOICES = Choices()


def refuse_unknown(choices: Choices, features: Sequence[Feature]) -> None:
    """Raise Refused for a name that is no feature: it is a typing error."""
    known = [feature.name for feature in features]
    for option, names in (("optional", choices.optional),):
        if unknown := [name for name in names if name not in known]:
            raise Refused(
                f"The option {option} names columns that are no features of the model: {join_names(unknown)}. "
                f"The features are: {join_names(known)}."
            )
