"""Items that tests send, and those that arrived."""

from collections.abc import Sequence

from shared.telemetry.events import Invocation
from shared.telemetry.insights import Pace
from tests.ingestion import Ingestion, Item

NEVER = Pace(load_after=60)
"""The thread sleeps: items stay in the buffer until a flush."""


def invocation(number: int = 0) -> Invocation:
    """Return the wide event of an invocation whose id has this number."""
    return Invocation("predict", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", f"i-{number}")


def numbers(items: Sequence[Item]) -> list[int]:
    """Return the numbers of the invocations among the items, in order."""
    ids = [item["data"]["baseData"]["properties"].get("invocation_id", "") for item in items]
    return sorted(int(invocation_id.removeprefix("i-")) for invocation_id in ids if invocation_id)


def dropped(ingestion: Ingestion) -> dict[str, float]:
    """Return the losses that were reported: reason → items."""
    events = [item["data"]["baseData"] for item in ingestion.of_type("EventData")]
    return {
        event["properties"]["reason"]: event["measurements"]["items"] for event in events if event["name"] == "dropped"
    }
