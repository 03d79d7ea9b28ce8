"""The manifest as a file: readable JSON, under 20 kB, and written together with the files that it names."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from shared.model.manifest import Manifest

FILE = "slr.json"
MOST_BYTES = 20_000  # read at every cold start and by every page; and no data set fits in by mistake


def fit(whole: Manifest) -> tuple[Manifest, bytes]:
    """The manifest and its file's content, under 20 kB if its features allow.

    What gives way, in this order: indentation, the features' statistics, all examples but one, the weights of a linear
    model, which is then served as others are. The contract never does: with about 200 features it fills the 20 kB
    alone, and may be longer.
    """
    content = msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
    if len(content) < MOST_BYTES:
        return whole, content
    print("The manifest is written without line breaks, to stay under 20 kB.")
    for lessen, said in REDUCTIONS:
        content = msgspec.json.encode(whole) + b"\n"
        if len(content) < MOST_BYTES:
            break
        whole = lessen(whole)
        print(f"Left out of the manifest, to stay under 20 kB: {said}.")
    content = msgspec.json.encode(whole) + b"\n"
    if len(content) >= MOST_BYTES:
        print(f"The features alone take more: the manifest has {len(content) / 1000:.1f} kB.")
    return whole, content


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """All files, each replaced in one step and in this order, the manifest last: never half a file.

    An empty one is removed: the graph of the model before must not lie beside a model that has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        if not data:
            (folder / name).unlink(missing_ok=True)
            continue
        partial = folder / f".{name}.partial"
        partial.write_bytes(data)
        os.replace(partial, folder / name)


def _without_statistics(whole: Manifest) -> Manifest:
    return replace(whole, statistics=replace(whole.statistics, quantiles={}, shares={}, missing={}))


def _with_one_example(whole: Manifest) -> Manifest:
    return replace(whole, examples=whole.examples[:1])


def _without_weights(whole: Manifest) -> Manifest:
    return replace(whole, artifact=replace(whole.artifact, linear=None))


REDUCTIONS: tuple[tuple[Callable[[Manifest], Manifest], str], ...] = (
    (_without_statistics, "the statistics of the features"),
    (_with_one_example, "all examples but one"),
    (_without_weights, "the weights of its sum"),
)
