"""The manifest as files: readable JSON under 20 kB, and the rest in a data file; written with the files it names."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from shared.model.manifest import Data, DataFile, Manifest

FILE = "slr.json"
DATA_FILE = "slr.data.json"
MAX_BYTES = 20_000  # of the public part: read at every cold start and by every page; and no data set fits in by mistake


class Encoded(NamedTuple):
    """The content of the manifest's file, and of its data file if it has one."""

    manifest: bytes
    data: bytes = b""


def encode(manifest: Manifest) -> Encoded:
    """Return the content of the files of a manifest.

    A manifest of 20 kB and more loses its indentation. If that is not enough, the statistics, the weights of a linear
    model and all examples but the first go into the data file. The features always stay: about 200 of them fill the
    20 kB alone.
    """
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    if len(content) < MAX_BYTES:
        return Encoded(content)
    content = msgspec.json.encode(manifest) + b"\n"
    if len(content) < MAX_BYTES:
        return Encoded(content)
    linear = manifest.artifact.linear
    data = Data(statistics=manifest.statistics, weights=linear.weights if linear else (), examples=manifest.examples)
    return _divided(manifest, msgspec.json.encode(data) + b"\n")


def _divided(manifest: Manifest, data: bytes) -> Encoded:
    """Return the files of a manifest whose data file has the content `data`."""
    statistics = replace(manifest.statistics, quantiles={}, lengths={}, shares={}, missing={})
    artifact = manifest.artifact
    if artifact.linear:
        artifact = replace(artifact, linear=replace(artifact.linear, weights=()))
    public = replace(
        manifest,
        statistics=statistics,
        artifact=artifact,
        examples=manifest.examples[:1],
        data=DataFile(file=DATA_FILE, sha256=hashlib.sha256(data).hexdigest()),
    )
    return Encoded(msgspec.json.encode(public) + b"\n", data)


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
