import csv
import gzip

import pytest

from services.directory.loading import load


@pytest.fixture
def write(tmp_path):
    """Writes lines into a compressed file and says where it is."""

    def write(name, *lines):
        path = tmp_path / name
        path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode("utf-8")))
        return path

    return write


@pytest.fixture
def directory_of(tmp_path):
    """The directory that an import brings, written as its files and loaded again."""

    def directory_of(imported):
        folder = tmp_path / "directory"
        folder.mkdir()
        for stem, rows in imported.directory().items():
            with (folder / f"{stem}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]) if rows else ["id"])
                writer.writeheader()
                writer.writerows(rows)
        return load(folder, imported.time_zone)

    return directory_of
