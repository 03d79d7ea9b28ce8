"""Run Microsoft's own Python runtime in this process, as the production worker does.

`azure-functions-runtime` is the library that the production worker runs on Python 3.13. Only the messages differ: they
come from here and not over gRPC. It has its state in modules, so a process can load only one app.
"""

import asyncio
import importlib
import json
import logging
import os
import sys
import traceback
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

from tools.errors import HostError
from tools.host.messages import SUCCESS, ParameterBinding, TypedData, protos

PROPERTIES = {"host": "127.0.0.1", "protos": protos}
NO_RETRY = SimpleNamespace(retry_count=0, max_retry_count=0, exception=None)


@dataclass(frozen=True, slots=True)
class HttpFunction:
    """An HTTP-triggered function of the app."""

    id: str
    name: str
    request_parameter: str
    route: str
    methods: tuple[str, ...] | None
    """None: every method."""


async def load(folder: Path) -> list[HttpFunction]:
    """Import the app in a folder and index its functions. Returns those with an HTTP trigger.

    The folder becomes the working directory, as in the worker. Raises HostError, with the traceback of the app's
    own code.
    """
    # The worker logs from INFO on, and treats these loggers as its system log, which users never see.
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in ("azure.functions", "azure_functions_runtime", "azure_functions_worker"):
        logging.getLogger(name).setLevel(logging.WARNING)
    os.chdir(folder)
    if sys.path[0] != str(folder):
        sys.path.insert(0, str(folder))
    import_app(folder)
    runtime.start_threadpool_executor()
    request = message("worker_init_request", capabilities={}, function_app_directory=str(folder))
    require_success((await runtime.worker_init_request(request)).result)
    indexed = await runtime.functions_metadata_request(message("functions_metadata_request"))
    metadata = indexed.function_metadata_results or ()
    for entry in metadata:
        loaded = await runtime.function_load_request(message("function_load_request", **vars(entry)))
        require_success(loaded.result)
    return [function for entry in metadata if (function := http_function(entry))]


def import_app(folder: Path) -> None:
    """Import the app's script before the runtime does, which hides an ImportError's traceback behind the search path.

    Raises HostError, with the traceback of the app's own code.
    """
    script = os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if not (folder / script).is_file():
        raise HostError(f"There is no {script} in {folder}.")
    try:
        importlib.import_module(Path(script).stem)
    except Exception as error:
        frames = error.__traceback__
        while frames and not Path(frames.tb_frame.f_code.co_filename).is_relative_to(folder):
            frames = frames.tb_next
        text = "".join(traceback.format_exception(error.with_traceback(frames)))
        raise HostError(f"{script} cannot be imported, so Azure would find no functions.\n{text.rstrip()}") from error


def message(name: str, /, **fields: object) -> SimpleNamespace:
    """Return a message from host to runtime, with the properties that the runtime needs."""
    return SimpleNamespace(request=SimpleNamespace(**{name: SimpleNamespace(**fields)}), properties=PROPERTIES)


def require_success(result: Any) -> None:
    """Raise HostError unless the runtime reports success."""
    if result.status != SUCCESS:
        raise HostError(f"The functions cannot be loaded. {result.exception.message}")


def http_function(metadata: Any) -> HttpFunction | None:
    """Return a function from its metadata, or None when its trigger is not HTTP."""
    for binding in map(json.loads, metadata.raw_bindings):
        if binding["type"].lower() == "httptrigger":
            methods = binding.get("methods")
            return HttpFunction(
                metadata.function_id,
                metadata.name,
                binding["name"],
                binding.get("route") or metadata.name,
                None if methods is None else tuple(methods),
            )
    return None


def close() -> None:
    """Wait for the synchronous functions that still run, and stop their threads."""
    runtime.stop_threadpool_executor()


class InvocationError(Exception):
    """A function raised an exception, or returned something else than a response. The text is the traceback."""


async def invoke(function: HttpFunction, http: SimpleNamespace, traceparent: str, tracestate: str) -> Any:
    """Call a function with a request (an RpcHttp message). Returns a TypedData, or None for a function without output.

    Raises InvocationError. Run it in a task of its own: the invocation id is set in the task's context, where the
    runtime and loggers look for it.
    """
    invocation_id = str(uuid.uuid4())
    runtime.invocation_id_cv.set(invocation_id)
    request = message(
        "invocation_request",
        invocation_id=invocation_id,
        function_id=function.id,
        trace_context=SimpleNamespace(trace_parent=traceparent, trace_state=tracestate, attributes={}),
        retry_context=NO_RETRY,
        input_data=(ParameterBinding(name=function.request_parameter, data=TypedData(http=http)),),
        trigger_metadata=None,
    )
    try:
        response = await runtime.invocation_request(request)
    except (SystemExit, KeyboardInterrupt, asyncio.CancelledError) as error:
        # The runtime does not catch these. They are the function's failure, unless they come from our own shutdown.
        if (task := asyncio.current_task()) and task.cancelling():
            raise
        raise InvocationError(traceback.format_exc()) from error
    if response.result.status != SUCCESS:
        raise InvocationError(response.result.exception.stack_trace)
    return response.return_value
