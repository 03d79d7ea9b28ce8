"""The manifest as a file: readable JSON, under 20 kB, and written together with the files that it names."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from shared.model.manifest import Manifest

FILE = "slr.json"
MAX_BYTES = 20_000  # read at every cold start and by every page; and no data set fits in by mistake


def encode(manifest: Manifest) -> tuple[Manifest, bytes]:
    """Return the manifest and its file's content, under 20 kB if its features allow.

    A long manifest is shortened in this order: it loses its indentation, the features' statistics, all examples but
    one, and the weights of a linear model, which is then served like other models. The features always stay: about 200
    of them fill the 20 kB alone, and more are written all the same.
    """
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    if len(content) < MAX_BYTES:
        return manifest, content
    print("The manifest is written without line breaks to stay under 20 kB.")
    for shorten, left_out in REDUCTIONS:
        content = msgspec.json.encode(manifest) + b"\n"
        if len(content) < MAX_BYTES:
            break
        manifest = shorten(manifest)
        print(f"Left out of the manifest to stay under 20 kB: {left_out}.")
    content = msgspec.json.encode(manifest) + b"\n"
    if len(content) >= MAX_BYTES:
        print(f"The features alone need more than 20 kB: the manifest has {len(content) / 1000:.1f} kB.")
    return manifest, content


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files in this order, the manifest last. Each is replaced in one step, so no file is ever incomplete.

    A file without content is removed: the graph of the previous model must not stay beside a model without a graph.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if not content:
            (folder / name).unlink(missing_ok=True)
            continue
        partial = folder / f".{name}.partial"
        partial.write_bytes(content)
        os.replace(partial, folder / name)


def _without_statistics(manifest: Manifest) -> Manifest:
    return replace(manifest, statistics=replace(manifest.statistics, quantiles={}, lengths={}, shares={}, missing={}))


def _with_one_example(manifest: Manifest) -> Manifest:
    return replace(manifest, examples=manifest.examples[:1])


def _without_weights(manifest: Manifest) -> Manifest:
    return replace(manifest, artifact=replace(manifest.artifact, linear=None))


REDUCTIONS: tuple[tuple[Callable[[Manifest], Manifest], str], ...] = (
    (_without_statistics, "the statistics of the features"),
    (_with_one_example, "all examples but one"),
    (_without_weights, "the weights of the linear model"),
)
