"""The service with another limit for what it scores on the event loop: `bench.mixed` compares limits in one run."""

import os

from bench.service import service
from shared import scoring

app = service()
scoring.INLINE_BYTES = int(os.environ["BENCH_INLINE_BYTES"])
