"""The envelope of Application Insights' ingestion protocol, version 2, as types: what of it the tables show.

The schema is Microsoft's, published with the Application Insights SDKs.
"""

from datetime import datetime

from msgspec import Raw, Struct


class Data(Struct, rename="camel"):
    """What kind of item it is, and the item."""

    base_type: str
    base_data: Raw


class Envelope(Struct, rename="camel"):
    """One item with what it shares with every other."""

    time: datetime
    data: Data
    i_key: str = ""
    sample_rate: float | None = None
    """How many percent of such items were sent; None is all of them."""
    tags: dict[str, str | None] | None = None


class Told(Struct, rename="camel"):
    """What every kind of item carries. Properties are texts: a number among them is the sender's mistake."""

    properties: dict[str, str | None] | None = None
    measurements: dict[str, float | None] | None = None


class Request(Told, kw_only=True):
    """A request that the host answered."""

    id: str
    duration: str
    response_code: str = ""
    success: bool = True
    source: str | None = None
    name: str | None = None
    url: str | None = None


class Dependency(Told, kw_only=True):
    """A call that left the process, or an invocation's wide event."""

    name: str
    id: str | None = None
    duration: str = "00:00:00"
    result_code: str | None = None
    success: bool | None = True
    data: str | None = None
    type: str | None = None
    target: str | None = None


class Message(Told, kw_only=True):
    """A log line."""

    message: str
    severity_level: int | str | None = None


class Frame(Struct, rename="camel"):
    """One line of a stack trace."""

    method: str = ""


class Thrown(Struct, rename="camel"):
    """One exception of a chain."""

    type_name: str = ""
    message: str | None = ""
    parsed_stack: list[Frame] | None = None


class Failure(Told, kw_only=True):
    """An exception with what it was raised from, the outermost first."""

    exceptions: list[Thrown]
    severity_level: int | str | None = None
    problem_id: str | None = None


class Event(Told, kw_only=True):
    """Something that happened once, such as a start."""

    name: str


class Point(Struct, rename="camel"):
    """One value of a metric, or several of them put together."""

    name: str
    value: float
    count: int | None = None
    min: float | None = None
    max: float | None = None
    std_dev: float | None = None


class Metric(Told, kw_only=True):
    """Values of metrics."""

    metrics: list[Point]
