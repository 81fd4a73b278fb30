"""A stand-in for the protobuf classes that `azure_functions_runtime` is handed: plain attributes, no gRPC."""

from types import SimpleNamespace
from typing import Any


class Message:
    """Attributes by keyword; the first one set is the member of a `oneof`."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update({name: value for name, value in fields.items() if value is not None})

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - the name is protobuf's
        """Name the member that is set."""
        return next(iter(self.__dict__), None)

    def get(self, name: str) -> Any:
        """Return a field, or None where it was not set."""
        return self.__dict__.get(name)


class ParameterBinding(Message):
    """A named value; its `oneof` has the one member `data`."""

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802 - the name is protobuf's
        """Name the only member."""
        return "data"


class TypedData(Message):
    """A value on its way in or out of a function."""


class BindingInfo(Message):
    """The direction of a binding."""

    undefined = -1
    inout = 2
    out = 1


# `in` is a keyword, so it cannot be written in the class body.
setattr(BindingInfo, "in", 0)


class StatusResult(Message):
    """How a request to the worker ended."""

    Failure = 0
    Success = 1


class RpcHttpCookie(Message):
    """A cookie that a function sets."""

    SameSite = SimpleNamespace(**{"None": "", "Lax": "Lax", "Strict": "Strict", "ExplicitNone": "None"})


_PLAIN = (
    "FunctionMetadataResponse InvocationResponse NullableBool NullableDouble NullableString NullableTimestamp "
    "RpcException RpcFunctionMetadata RpcHttp RpcRetryOptions Timestamp WorkerInitResponse WorkerMetadata"
)

PROTOS = SimpleNamespace(
    BindingInfo=BindingInfo,
    ParameterBinding=ParameterBinding,
    RpcHttpCookie=RpcHttpCookie,
    StatusResult=StatusResult,
    TypedData=TypedData,
    **{name: type(name, (Message,), {}) for name in _PLAIN.split()},
)
