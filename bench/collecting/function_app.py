"""The service with a watch on its garbage collector: GET /pauses tells every collection since it was last asked."""

import gc
import json
import time

import azure.functions as func

from bench.service import service

_pauses: list[tuple[int, float, float]] = []
_began = [0.0, 0.0]

app = service()


def watch(phase: str, info: dict[str, int]) -> None:
    """Note generation, seconds on the clock and seconds on the processor of each collection.

    The second tells a long collection from one during which the machine ran something else.
    """
    if phase == "start":
        _began[:] = time.perf_counter(), time.thread_time()
    else:
        clock, processor = time.perf_counter() - _began[0], time.thread_time() - _began[1]
        _pauses.append((info["generation"], clock, processor))


@app.route("pauses", methods=["GET"])
async def pauses(req: func.HttpRequest) -> func.HttpResponse:
    """Tell, and forget."""
    told, _pauses[:] = _pauses[:], []
    return func.HttpResponse(json.dumps(told), mimetype="application/json")


gc.callbacks.append(watch)
