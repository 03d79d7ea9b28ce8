"""The list of the tests, which the processes of one run make one by one and compare."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _collected(hash_seed: int) -> list[str]:
    """Return the ids of all tests, in order, as another process collects them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", "tests"]
    environ = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    lines = subprocess.check_output(command, cwd=ROOT, env=environ, text=True).splitlines()
    return [line for line in lines if "::" in line]


@pytest.mark.more
@pytest.mark.timeout(300)
def test_every_process_collects_the_same_tests_in_the_same_order() -> None:
    """An id with the time of its making, or with the order of a set, stops a run now and then."""
    first, second = _collected(1), _collected(2)  # seconds apart

    assert len(first) > 1_000
    assert first == second
