"""Run a local Application Insights, which receives telemetry and shows the workbook and the alerts on a page.

It receives the exporter's telemetry as Azure's ingestion endpoint does, keeps it in memory under the portal's table and
column names, and runs the queries of monitoring/ unchanged. To send telemetry to it, set
`APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=<any UUID>;IngestionEndpoint=http://localhost:7072/`.

What Application Insights does and this does not:
- keep anything after its end, or more than the newest half million rows of a table
- separate resources: every instrumentation key writes to the same tables
- sampling, live metrics, availability tests, metrics that it aggregates itself
"""

import argparse
import asyncio
import errno
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from tools.errors import ToolError
from tools.ports import next_free

if TYPE_CHECKING:
    import uvicorn

PORT = 7072
BACKLOG = 128  # connections that wait to be accepted
SHUTDOWN_SECONDS = 2


class InsightsError(ToolError):
    """The local Application Insights cannot start."""


def main(argv: Sequence[str]) -> int:
    """Serve until SIGINT or SIGTERM, which is exit code 0; 1 when it cannot start, with the reason on stderr."""
    options = parser().parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_cleanly)
    try:
        with listen(options.port) as listener:
            serve(listener, child=options.child)
    except InsightsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = argparse.ArgumentParser("./egl insights", description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--port", type=int, default=PORT, help="the port (default: %(default)s)")
    arguments.add_argument("--child", action="store_true", help="print nothing, and end when standard input ends")
    return arguments


def exit_cleanly(number: int, frame: FrameType | None) -> None:
    """Exit without a traceback. While the server runs, uvicorn stops first and then raises the signal again."""
    raise SystemExit(0)


def listen(port: int) -> socket.socket:
    """Open a listening socket on 127.0.0.1, which other machines cannot reach. Raises InsightsError."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise InsightsError(f"Port {port} is taken. This one is free: --port {next_free(port + 1)}") from error
        raise InsightsError(f"Cannot listen on port {port}: {error}") from error


def serve(listener: socket.socket, *, child: bool) -> None:
    """Receive telemetry and show it until a signal or, as a child process, until the parent ends."""
    import uvicorn

    from tools.insights.server import Application
    from tools.insights.store import Store

    server = uvicorn.Server(
        uvicorn.Config(
            Application(Store()),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
    )
    if child:
        threading.Thread(target=end_with_parent, args=(server,), daemon=True).start()
    else:
        print(f"Local Application Insights on http://localhost:{listener.getsockname()[1]}", flush=True)
    asyncio.run(server.serve([listener]))


def end_with_parent(server: "uvicorn.Server") -> None:
    """Stop the server when standard input ends: it is a pipe from the parent, and closes when the parent ends."""
    sys.stdin.buffer.read()
    server.should_exit = True
