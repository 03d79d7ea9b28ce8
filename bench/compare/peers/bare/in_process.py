"""The floor of the work itself: decode, predict and encode batches in this process, without HTTP.

`python in_process.py SECONDS ROWS...` prints one JSON object: number of rows → rows per second.
"""

import json
import sys
import time

from app import answered


def rate(rows, seconds):
    body = json.dumps({"instances": [{"bmi": 0.0617}] * rows}).encode()
    answered(body)
    done = 0
    started = time.perf_counter()
    while (took := time.perf_counter() - started) < seconds:
        answered(body)
        done += rows
    return done / took


print(json.dumps({rows: rate(int(rows), float(sys.argv[1])) for rows in sys.argv[2:]}))
