"""The messages between host and runtime, as plain objects with the field names of Microsoft's protobuf definitions.

The runtime builds its responses from the classes in `protos`, and reads only fields. So within one process neither
protobuf nor gRPC is needed.
Source: `FunctionRpc.proto` in Azure/azure-functions-language-worker-protobuf.
"""

from types import SimpleNamespace

SUCCESS = 1


class TypedData(SimpleNamespace):
    """An input or output value. It has one field (`http`, `bytes`, `string`, ...), which names its type."""

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return the name of the field that is set, or None for an empty value."""
        return next(iter(self.__dict__), None)


class ParameterBinding(SimpleNamespace):
    """An argument of a function: its `name` and its `data`."""

    def WhichOneof(self, group: str) -> str:  # noqa: N802 - protobuf's name
        """Return how the data travel: always in the message, as shared memory makes no sense within one process."""
        return "data"


class StatusResult(SimpleNamespace):
    """Success or failure of a request to the runtime, with the exception."""

    Failure, Success = 0, SUCCESS


class BindingInfo(SimpleNamespace):
    """A binding's type and direction."""

    inout, out = 2, 1


class RpcHttpCookie(SimpleNamespace):
    """A cookie that a function sets. The `SameSite` values are those of the header's attribute."""

    SameSite = SimpleNamespace(**{"None": "", "Lax": "lax", "Strict": "strict", "ExplicitNone": "none"})


def unwrapped[Value](value: Value) -> Value:
    """Return the content of one of protobuf's nullable wrappers, which Python does not need: it has None."""
    return value


def timestamp(seconds: int) -> int:
    """Return a protobuf timestamp: seconds since 1970."""
    return seconds


protos = SimpleNamespace(
    TypedData=TypedData,
    ParameterBinding=ParameterBinding,
    StatusResult=StatusResult,
    BindingInfo=BindingInfo,
    RpcHttpCookie=RpcHttpCookie,
    NullableString=unwrapped,
    NullableBool=unwrapped,
    NullableDouble=unwrapped,
    NullableTimestamp=unwrapped,
    Timestamp=timestamp,
    WorkerInitResponse=SimpleNamespace,
    WorkerMetadata=SimpleNamespace,
    FunctionMetadataResponse=SimpleNamespace,
    RpcFunctionMetadata=SimpleNamespace,
    RpcRetryOptions=SimpleNamespace,
    FunctionLoadResponse=SimpleNamespace,
    InvocationResponse=SimpleNamespace,
    RpcException=SimpleNamespace,
    RpcHttp=SimpleNamespace,
)
