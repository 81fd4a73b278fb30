"""Plain log lines on stderr that name the function and the invocation they belong to."""

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import azure_functions_runtime as runtime


class InvocationNames:
    """Which function each running invocation belongs to."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def naming(self, invocation_id: str, function: str) -> Iterator[None]:
        """Know the invocation while it runs."""
        self._names[invocation_id] = function
        self._idle.clear()
        try:
            yield
        finally:
            del self._names[invocation_id]
            if not self._names:
                self._idle.set()

    async def wait_until_idle(self) -> None:
        """Wait until no invocation is running."""
        await self._idle.wait()

    def running(self) -> list[str]:
        """Name the functions that are running now, one entry an invocation."""
        return sorted(self._names.values())

    def function_of(self, invocation_id: str) -> str:
        """Name the function of a running invocation."""
        return self._names.get(invocation_id, "-")


class _InvocationFilter(logging.Filter):
    def __init__(self, names: InvocationNames) -> None:
        super().__init__()
        self._names = names

    def filter(self, record: logging.LogRecord) -> bool:
        invocation_id = runtime.invocation_id_cv.get()
        record.invocation = invocation_id or "-"
        record.function = self._names.function_of(invocation_id) if invocation_id else "-"
        return True


def configure_logging(names: InvocationNames) -> None:
    """Send the app's and the host's log records to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_InvocationFilter(names))
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s [%(function)s %(invocation)s] %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # The SDK and the HTTP server narrate every frame and request, keys in the address included.
    for name in ("azure.servicebus", "azure.core", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("azure.functions").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
