"""The one error of this tool: a model or data that cannot be served, with a message of one line."""

from collections.abc import Iterable

MAX_NAMES = 20  # in one line


class Refused(Exception):
    """The estimator or its data cannot be adopted. The message is one line for the user."""


def one_line(error: BaseException) -> str:
    """Return an exception's type and message without line breaks, at most 300 characters."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def join_names(names: Iterable[str]) -> str:
    """Return names separated by commas; after the first 20 only their number."""
    listed = list(names)
    rest = f" and {len(listed) - MAX_NAMES} more" if len(listed) > MAX_NAMES else ""
    return ", ".join(listed[:MAX_NAMES]) + rest
