"""Folders for telemetry that waits: private, one per process, adopted when the process is gone."""

import os
import time
from pathlib import Path

import pytest

from shared.telemetry import spool

DESTINATION = "InstrumentationKey=10ca1000-0000-4000-8000-000000000000"


def age(folder: Path, seconds: float) -> None:
    """Make a folder look unused for so long."""
    os.utime(folder, (time.time() - seconds,) * 2)


def test_folders_are_private_and_differ(disk: Path) -> None:
    first, second = spool.create(DESTINATION), spool.create(DESTINATION)
    assert first != second
    assert first.parent == second.parent
    assert spool.is_private(first)
    assert spool.is_private(first.parent)


def test_another_destination_has_other_folders(disk: Path) -> None:
    assert spool.create(DESTINATION).parent != spool.create("another").parent


def test_the_folder_s_name_reveals_no_key(disk: Path) -> None:
    assert "10ca1000" not in str(spool.create(DESTINATION))


def test_a_folder_that_others_may_read_is_not_used(disk: Path) -> None:
    common = spool.create(DESTINATION).parent
    common.chmod(0o755)
    own = spool.create(DESTINATION)
    assert own.parent != common
    assert spool.is_private(own.parent)


def test_a_symbolic_link_is_not_followed(disk: Path) -> None:
    common = spool.create(DESTINATION).parent
    elsewhere = disk / "elsewhere"
    common.rename(elsewhere)
    common.symlink_to(elsewhere)
    assert spool.create(DESTINATION).parent != common


def test_a_folder_of_another_user_is_not_private(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = spool.create(DESTINATION)
    monkeypatch.setattr(os, "getuid", lambda: own.stat().st_uid + 1)
    assert not spool.is_private(own)


def test_on_windows_a_temporary_folder_is_private(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "getuid")
    assert spool.is_private(disk)


def test_files_of_a_process_that_ended_are_adopted(disk: Path) -> None:
    gone, own = spool.create(DESTINATION), spool.create(DESTINATION)
    (gone / "1.blob").write_text("{}")
    (gone / "2.blob.tmp").write_text("{")
    age(gone, spool.STALE_SECONDS + 1)
    spool.adopt(own)
    assert [path.name for path in own.iterdir()] == ["1.blob"]
    assert not gone.exists()


def test_a_folder_that_its_process_removes_at_that_moment_is_skipped(disk: Path) -> None:
    own, other = spool.create(DESTINATION), spool.create(DESTINATION)
    (other / "1.blob").touch()
    age(other, spool.STALE_SECONDS + 1)
    for name in ("0-gone", "z-gone"):
        (own.parent / name).symlink_to(disk / "removed")  # listed, and not there
    spool.adopt(own)
    assert (own / "1.blob").exists()


def test_files_of_a_running_process_are_left_alone(disk: Path) -> None:
    other, own = spool.create(DESTINATION), spool.create(DESTINATION)
    (other / "1.blob").write_text("{}")
    age(other, spool.STALE_SECONDS - spool.HEARTBEAT_SECONDS)
    spool.adopt(own)
    assert [path.name for path in other.iterdir()] == ["1.blob"]


def test_a_touched_folder_is_in_use(disk: Path) -> None:
    other, own = spool.create(DESTINATION), spool.create(DESTINATION)
    age(other, spool.STALE_SECONDS + 1)
    spool.touch(other)
    spool.adopt(own)
    assert other.exists()


def test_a_touch_makes_a_removed_folder_anew(disk: Path) -> None:
    own = spool.create(DESTINATION)
    own.rmdir()
    spool.touch(own)
    assert spool.is_private(own)


def test_only_an_empty_folder_is_removed(disk: Path) -> None:
    own, empty = spool.create(DESTINATION), spool.create(DESTINATION)
    (own / "1.blob").write_text("{}")
    spool.remove(own)
    spool.remove(empty)
    assert (own.exists(), empty.exists()) == (True, False)
