"""The one error of this tool: a model or data that cannot be served, with a message of one line."""

from collections.abc import Iterable

MAX_NAMES = 20  # in one line


class Refused(Exception):
    """The estimator or its data cannot be adopted. The message is one line for the user."""


def one_line(error: BaseException) -> str:
    """Return an exception's type and message without line breaks, at most 300 characters."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def join_names(names: Iterable[str], limit: int = MAX_NAMES) -> str:
    """Return names separated by commas; after the first ones only their number."""
    listed = list(names)
    rest = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(listed[:limit]) + rest
