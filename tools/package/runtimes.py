"""The packages that the model's runtime needs, out of all in the lock.

A model served by numpy needs neither onnxruntime nor scikit-learn, one served by onnxruntime no scikit-learn. The lock
stays complete: its comments say which package requires which, so that it can be followed from the project's own
dependencies. Only the standard library: the first stage of the container runs it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NUMPY, ONNXRUNTIME, SCIKIT_LEARN = "numpy", "onnxruntime", "scikit-learn"
ONLY_FOR: Mapping[str, str] = {
    "joblib": SCIKIT_LEARN,
    "onnxruntime": ONNXRUNTIME,
    "pandas": SCIKIT_LEARN,
    "scikit-learn": SCIKIT_LEARN,
    "threadpoolctl": SCIKIT_LEARN,
}
"""Direct dependencies that one runtime alone needs. All others are for each of them."""
PROJECT = "egl-ml"
REQUIREMENT = re.compile(r"^[A-Za-z0-9]", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9._-]+")
VIA = re.compile(r"^    # (?:via |  )(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Selection:
    """The requirements of a package."""

    runtimes: Mapping[str, Sequence[str]]
    """Runtime → the manifests in model/ that name it."""
    requirements: str
    """The part of the lock that they need."""
    left_out: Sequence[str]
    """The packages of the lock that they do not need."""

    def lines(self) -> Iterator[str]:
        """Yield what is in the package and why, for people."""
        for runtime, manifests in self.runtimes.items():
            yield f"Packages for {runtime}: {', '.join(manifests) or 'there is no manifest'}"
        if self.left_out:
            yield f"Not needed for that: {', '.join(self.left_out)}"


def select(root: Path, lock: str) -> Selection:
    """Return what the manifests in model/ need of a lock."""
    named = runtimes(root)
    blocks = {_name(block): block for block in _blocks(lock)}
    excluded = {name for name, runtime in ONLY_FOR.items() if runtime not in named}
    needed = _needed({name: set(VIA.findall(block)) for name, block in blocks.items()}, excluded)
    kept = "".join(block for name, block in blocks.items() if name in needed)
    return Selection(named, kept, sorted(set(blocks) - needed))


def runtimes(root: Path) -> dict[str, list[str]]:
    """Return the runtimes that the manifests in model/ name, with those manifests. model/previous is not served."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "model").rglob("*.json")):
        name = path.relative_to(root).as_posix()
        if not name.startswith("model/previous/") and (runtime := _runtime(path)):
            found.setdefault(runtime, []).append(name)
    return found or {SCIKIT_LEARN: []}


def _runtime(path: Path) -> str | None:
    """Return the runtime of a manifest as `Artifact.runtime` has it; None for another JSON file."""
    try:
        content: Any = json.loads(path.read_bytes())
        artifact = content["artifact"]
        return NUMPY if artifact.get("linear") else ONNXRUNTIME if artifact.get("onnx") else SCIKIT_LEARN
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _blocks(lock: str) -> Iterable[str]:
    """Yield each requirement of a lock with its hashes and comments."""
    starts = [match.start() for match in REQUIREMENT.finditer(lock)]
    return [lock[start:end] for start, end in zip(starts, [*starts[1:], len(lock)], strict=True)]


def _name(block: str) -> str:
    match = NAME.match(block)
    return match.group() if match else ""


def _needed(required_by: Mapping[str, set[str]], excluded: set[str]) -> set[str]:
    """Return the packages that a direct dependency needs. One that nobody requires is direct."""
    needed = {
        name for name, others in required_by.items() if name not in excluded and (PROJECT in others or not others)
    }
    while more := {name for name, others in required_by.items() if others & needed} - needed:
        needed |= more
    return needed
