"""What tests tell, and what of it arrived."""

from collections.abc import Sequence

from shared.telemetry.events import Invocation
from shared.telemetry.insights import Pace
from tests.ingestion import Ingestion, Item

NEVER = Pace(load_after=60)
"""The thread sleeps: what is told stays in the buffer."""


def invocation(number: int = 0) -> Invocation:
    """The wide event of an invocation whose id has this number."""
    return Invocation("predict", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", f"i-{number}")


def numbers(items: Sequence[Item]) -> list[int]:
    """The numbers of the invocations among the items, in order."""
    found = [item["data"]["baseData"]["properties"].get("invocation_id", "") for item in items]
    return sorted(int(each.removeprefix("i-")) for each in found if each)


def dropped(ingestion: Ingestion) -> dict[str, float]:
    """What was told to be lost: reason → items."""
    told = [item["data"]["baseData"] for item in ingestion.of_type("EventData")]
    return {each["properties"]["reason"]: each["measurements"]["items"] for each in told if each["name"] == "dropped"}
