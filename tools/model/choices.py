"""The owner's choices about features: what is in neither the estimator nor its data."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.model.manifest import Category, Feature, Text
from tools.model.refused import Refused, join_names


class Choices(NamedTuple):
    """The owner's decisions. Features are named."""

    optional: Sequence[str] = ()
    """May be missing in requests, although the training data has no gaps in them."""
    free_text: Sequence[str] = ()
    """Texts whose values must not become public, although no vectoriser reads them."""
    categories: Sequence[str] = ()
    """Categories that look like free text or an id."""
    closed: bool = False
    """No category accepts texts that are new to the model."""


NO_CHOICES = Choices()


def refuse_other_kinds(choices: Choices, features: Sequence[Feature]) -> None:
    """Raise Refused for free text or a category that has another kind in the data."""
    kinds = {feature.name: type(feature) for feature in features}
    wrong = [name for name in choices.free_text if kinds[name] is not Text]
    wrong += [name for name in choices.categories if kinds[name] is not Category]
    if wrong:
        raise Refused(f"Only columns of texts can be free text or categories, but not {join_names(wrong)}.")


def refuse_unknown(choices: Choices, features: Sequence[Feature]) -> None:
    """Raise Refused for a name that is no feature: it is a typing error."""
    known = [feature.name for feature in features]
    options = {"optional": choices.optional, "free_text": choices.free_text, "categories": choices.categories}
    for option, names in options.items():
        if unknown := [name for name in names if name not in known]:
            raise Refused(
                f"The option {option} names columns that are no features of the model: {join_names(unknown)}. "
                f"The features are: {join_names(known)}."
            )
