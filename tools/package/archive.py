"""Zip files whose bytes depend only on their content: sorted, with one date and one mode for all files."""

import zipfile
from pathlib import Path

DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date in a zip
MODE = 0o100644 << 16  # a regular file that everybody may read; Azure executes none of them


def append(archive: Path, folder: Path, prefix: str = "") -> None:
    """Append the files in `folder` to a zip, with `prefix` before their names. A missing zip is created.

    The same files give the same bytes with the same zlib.
    """
    with zipfile.ZipFile(archive, "a") as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(prefix + path.relative_to(folder).as_posix(), DATE)
            entry.external_attr = MODE
            entry.create_system = 3  # Unix, also when a Windows machine makes it: Windows has no modes
            file.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=6)
