"""Where telemetry waits: private, a process's own, handed on when it is gone."""

import os
import time
from pathlib import Path

import pytest

from shared.telemetry import folders

WHERE = "InstrumentationKey=10ca1000-0000-4000-8000-000000000000"


def untouched(folder: Path, seconds: float) -> None:
    """Make it look as if a folder was in use so long ago for the last time."""
    os.utime(folder, (time.time() - seconds,) * 2)


def test_folders_are_private_and_differ(disk: Path) -> None:
    first, second = folders.own(WHERE), folders.own(WHERE)
    assert first != second
    assert first.parent == second.parent
    assert folders.private(first)
    assert folders.private(first.parent)


def test_another_destination_has_other_folders(disk: Path) -> None:
    assert folders.own(WHERE).parent != folders.own("another").parent


def test_the_folder_s_name_gives_no_key_away(disk: Path) -> None:
    assert "10ca1000" not in str(folders.own(WHERE))


def test_a_folder_that_others_may_read_is_not_used(disk: Path) -> None:
    common = folders.own(WHERE).parent
    common.chmod(0o755)
    own = folders.own(WHERE)
    assert own.parent != common
    assert folders.private(own.parent)


def test_a_link_in_its_place_is_not_followed(disk: Path) -> None:
    common = folders.own(WHERE).parent
    elsewhere = disk / "elsewhere"
    common.rename(elsewhere)
    common.symlink_to(elsewhere)
    assert folders.own(WHERE).parent != common


def test_a_folder_of_somebody_else_is_not_private(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = folders.own(WHERE)
    monkeypatch.setattr(os, "getuid", lambda: own.stat().st_uid + 1)
    assert not folders.private(own)


def test_where_users_have_no_numbers_the_system_keeps_folders_apart(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "getuid")
    assert folders.private(disk)


def test_what_a_process_that_is_gone_left_is_taken_over(disk: Path) -> None:
    gone, own = folders.own(WHERE), folders.own(WHERE)
    (gone / "1.blob").write_text("{}")
    (gone / "2.blob.tmp").write_text("{")
    untouched(gone, folders.STALE_SECONDS + 1)
    folders.adopt(own)
    assert [each.name for each in own.iterdir()] == ["1.blob"]
    assert not gone.exists()


def test_what_a_process_still_uses_is_left_to_it(disk: Path) -> None:
    other, own = folders.own(WHERE), folders.own(WHERE)
    (other / "1.blob").write_text("{}")
    untouched(other, folders.STALE_SECONDS - folders.BEAT_SECONDS)
    folders.adopt(own)
    assert [each.name for each in other.iterdir()] == ["1.blob"]


def test_a_beat_keeps_a_folder_in_use(disk: Path) -> None:
    other, own = folders.own(WHERE), folders.own(WHERE)
    untouched(other, folders.STALE_SECONDS + 1)
    folders.beat(other)
    folders.adopt(own)
    assert other.exists()


def test_a_beat_makes_a_folder_that_was_cleaned_away(disk: Path) -> None:
    own = folders.own(WHERE)
    own.rmdir()
    folders.beat(own)
    assert folders.private(own)


def test_a_folder_in_which_something_waits_is_not_removed(disk: Path) -> None:
    own, empty = folders.own(WHERE), folders.own(WHERE)
    (own / "1.blob").write_text("{}")
    folders.leave(own)
    folders.leave(empty)
    assert (own.exists(), empty.exists()) == (True, False)
