"""Zip files whose bytes depend on nothing but their content: sorted, with one date and one mode for all."""

import zipfile
from pathlib import Path

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
MODE = 0o100644 << 16  # a regular file that everybody may read; Azure runs none of them


def append(archive: Path, folder: Path, prefix: str = "") -> None:
    """Append the files in `folder` to a zip, which is made if it is missing, under names that begin with `prefix`.

    The same files make the same bytes with the same zlib.
    """
    with zipfile.ZipFile(archive, "a") as file:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(prefix + path.relative_to(folder).as_posix(), DATE)
            entry.external_attr = MODE
            entry.create_system = 3  # Unix, wherever it is made: Windows has no modes
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=6)
