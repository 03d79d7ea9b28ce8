"""Types of Application Insights' ingestion protocol, version 2, with the fields that the tables show.

The names and the schema are Microsoft's, published with the Application Insights SDKs.
"""

from datetime import datetime

from msgspec import Raw, Struct


class Data(Struct, rename="camel"):
    """The kind of an item, and the item."""

    base_type: str
    base_data: Raw


class Envelope(Struct, rename="camel"):
    """An item with the fields that every kind of item has."""

    time: datetime
    data: Data
    i_key: str = ""
    sample_rate: float | None = None
    """Percentage of such items that was sent; None means all of them."""
    tags: dict[str, str | None] | None = None


class ItemData(Struct, rename="camel"):
    """Fields of every kind of item. Properties are texts: a number among them is an error of the sender."""

    properties: dict[str, str | None] | None = None
    measurements: dict[str, float | None] | None = None


class RequestData(ItemData, kw_only=True):
    """A request to the host."""

    id: str
    duration: str
    response_code: str = ""
    success: bool = True
    source: str | None = None
    name: str | None = None
    url: str | None = None


class RemoteDependencyData(ItemData, kw_only=True):
    """A call from the process to another service, or an invocation's wide event."""

    name: str
    id: str | None = None
    duration: str = "00:00:00"
    result_code: str | None = None
    success: bool | None = True
    data: str | None = None
    type: str | None = None
    target: str | None = None


class MessageData(ItemData, kw_only=True):
    """A log line."""

    message: str
    severity_level: int | str | None = None


class StackFrame(Struct, rename="camel"):
    """One line of a stack trace."""

    method: str = ""


class ExceptionDetails(Struct, rename="camel"):
    """One exception of a chain."""

    type_name: str = ""
    message: str | None = ""
    parsed_stack: list[StackFrame] | None = None


class ExceptionData(ItemData, kw_only=True):
    """An exception with its causes, the outermost first."""

    exceptions: list[ExceptionDetails]
    severity_level: int | str | None = None
    problem_id: str | None = None


class EventData(ItemData, kw_only=True):
    """A single event, such as a start."""

    name: str


class DataPoint(Struct, rename="camel"):
    """One value of a metric, or several values combined."""

    name: str
    value: float
    count: int | None = None
    min: float | None = None
    max: float | None = None
    std_dev: float | None = None


class MetricData(ItemData, kw_only=True):
    """Values of metrics."""

    metrics: list[DataPoint]
