"""Run a function app locally, as Azure would: Microsoft's runtime behind an HTTP server.

It runs `azure-functions-runtime`, the library of the production worker, in this process. It follows the real host where
an app can see the difference: routes are tried in the order of the functions' names; a wrong method is 404; unknown
routes, failed functions and oversized headers get an empty response; chunked bodies arrive empty; a caller's trace is
continued; pages of the origins in local.settings.json may call it.

What the real host does and this one does not:
- triggers other than HTTP, bindings other than the request and its response, streaming in either direction (HTTP v2)
- function keys, authorization levels, Easy Auth, and its own pages and APIs (`/admin`, `/runtime`, a page at `/`)
- limits: 230 s for a response, 100 MB for a body, 8 KiB for the request line, host.json's concurrency and throttling
- several worker processes, disabled functions, host.json's `customHeaders` and `hsts`, the ports of local.settings.json
- parsing a returned `str` that is JSON: here a `str` is always sent as text/plain
- its telemetry, except the `requests` items
"""

import argparse
import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tools.errors import HostError
from tools.host.settings import load_local_settings
from tools.ports import next_free

PORT = 7071  # as `func start`


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, which is exit code 0; 1 when the host cannot start, with the reason on stderr."""
    options = parser().parse_args(argv)
    folder = options.app.resolve()
    try:
        if options.reload:
            return watch(folder, options.host, options.port)
        return run(folder, options.host, options.port)
    except HostError as error:
        print(error, file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    arguments = argparse.ArgumentParser("./egl host", description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument(
        "--app", type=Path, default=Path(), metavar="FOLDER", help="the function app (default: this folder)"
    )
    arguments.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    port = os.environ.get("PORT") or PORT
    arguments.add_argument("--port", type=int, default=port, help=f"the port (default: PORT or {PORT})")
    arguments.add_argument(
        "--reload",
        action="store_true",
        help="restart when a file of the app changes: code, pages, settings, the manifest",
    )
    return arguments


def run(folder: Path, host: str, port: int) -> int:
    """Load the app and serve it in this process. Raises HostError when it cannot start."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, exit_cleanly)
    load_local_settings(folder)
    with listen(host, port) as listener:
        from tools.host.banner import banner
        from tools.host.server import Application, Server, serve

        application = Application()
        url = base_url(host, listener)
        server = Server(application, lambda: print(banner(url, application.routes, folder), flush=True))
        try:
            asyncio.run(serve(application, server, folder, listener), loop_factory=server.config.get_loop_factory())
        finally:
            # A second Ctrl-C, while the interpreter shuts down, ends the process at once.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    return 0


def exit_cleanly(number: int, frame: FrameType | None) -> None:
    """Exit without a traceback.

    Before the server runs, this exits at once. Afterwards uvicorn stops first and then raises the signal again.
    """
    raise SystemExit(0)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; before the app is loaded, so that a taken port is reported at once. Raises HostError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise HostError(
                f"Port {port} is taken. This one is free: make run PORT={next_free(port + 1, 2)}"
            ) from error
        raise HostError(f"Cannot listen on {host}, port {port}: {error}") from error


def base_url(host: str, listener: socket.socket) -> str:
    """Return the URL of the host for a browser on the same machine."""
    local = host in ("127.0.0.1", "0.0.0.0", "::1", "::", "localhost")
    return f"http://{'localhost' if local else host}:{listener.getsockname()[1]}"


def watch(folder: Path, host: str, port: int) -> int:
    """Serve the app in a process that restarts when its files change. Raises HostError for a taken port."""
    from tools.host.reload import supervise

    listen(host, port).close()
    return supervise(folder, ["--app", str(folder), "--host", host, "--port", str(port)])
