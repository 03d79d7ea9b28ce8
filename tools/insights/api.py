"""What the page asks: the questions there are, their answers, the alerts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tools.insights import alerts, questions
from tools.insights.kql import ask
from tools.insights.questions import PARAMETERS
from tools.insights.store import Store


class Unknown(Exception):
    """Nothing answers to that path."""


def answer(store: Store, path: str, query: Mapping[str, str]) -> Any:
    """The answer to a GET of `path` below /api/, ready to be encoded.

    The files are read anew each time, so an edit shows with the page's next look. Raises Unknown, QueryError,
    QuestionError, and msgspec.ValidationError for a time that is none.
    """
    what, _, name = path.partition("/")
    if what == "questions" and not name:
        return [{**msgspec.to_builtins(each), "parameters": each.parameters} for each in questions.questions()]
    if what == "alerts" and not name:
        now = datetime.now(UTC)
        return [alerts.state(store, each, now) for each in questions.alerts()]
    asked = {each.name: each for each in questions.questions()} if what == "questions" else {}
    if name not in asked:
        raise Unknown(path)
    since, until = (msgspec.convert(query.get(end, ""), datetime) for end in ("since", "until"))
    chosen = {name: query[name] for name in PARAMETERS if name in query}
    return ask(store, asked[name].text, since, until, **chosen)
