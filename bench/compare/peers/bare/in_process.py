"""The floor of the work itself: decode, predict and encode batches in this process, without HTTP.

`python in_process.py SECONDS ROWS...` prints one JSON object: number of rows → rows per second.
"""

import json
import sys
import time

from app import respond


def rate(rows, seconds):
    body = json.dumps({"instances": [{"bmi": 0.0617}] * rows}).encode()
    respond(body)
    done, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        respond(body)
        done += rows
    return done / elapsed


print(json.dumps({rows: rate(int(rows), float(sys.argv[1])) for rows in sys.argv[2:]}))
