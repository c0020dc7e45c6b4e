"""An archive that says less of itself than it holds is read no further than it says."""

import tracemalloc
import zipfile
from pathlib import Path

import pytest

from services.errors import ProblemsError
from services.tabular import archives

HELD = 200 << 20
SAID = 1000


@pytest.fixture(scope="module")
def lying(tmp_path_factory) -> Path:
    """200 MiB of blanks in 200 KB, said to be 1,000 bytes."""
    path = tmp_path_factory.mktemp("lying") / "directory.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", "a\n")
        with archive.open("users.csv", "w") as file:
            for _ in range(HELD >> 20):
                file.write(b" " * (1 << 20))
    raw = path.read_bytes()
    assert raw.count(HELD.to_bytes(4, "little")) == 2  # before the member, and in the list at the end
    path.write_bytes(raw.replace(HELD.to_bytes(4, "little"), SAID.to_bytes(4, "little")))
    return path


def peak(act) -> int:
    """Bytes at most while it acts."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_lying_archive_is_bounded_by_what_is_read(lying):
    problems: list = []
    assert peak(lambda: archives.members(lying, problems)) < 16 << 20
    assert [problem.where for problem in problems] == ["directory.zip, users.csv"]


def test_a_member_that_says_what_it_holds_is_read_whole(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"x" * (3 << 20))
    with archives.opened(tmp_path / "a.zip") as archive:
        assert archives.read(archive, "a.csv") == b"x" * (3 << 20)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_ways_to_compress_that_know_no_bound_are_refused(method, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.csv", "x")
    with pytest.raises(ProblemsError, match="compressed in another way"):
        archives.opened(tmp_path / "a.zip")
