"""What lies in the folder from which somebody calls `prewarn` is never run, however its files are called."""

import csv
from pathlib import Path

import pytest

from services.rules.composite import by_comparing, keys_of, table_of
from services.tabular.sheets import read_sheets

CASES = ((1, (1, 1)), (2, (2, 1)))


@pytest.fixture
def traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with modules by the names of those that the children import first; each leaves a mark."""
    here = tmp_path / "here"
    here.mkdir()
    for name in ("json", "msgspec", "resource", "subprocess", "logging", "durable"):
        (here / f"{name}.py").write_text(f"open({str(here / 'mark')!r}, 'a').write({name!r})")
    monkeypatch.chdir(here)
    table_of.cache_clear()
    return here / "mark"


def test_the_child_of_composite_rules_imports_nothing_from_the_current_folder(traps):
    assert dict(table_of(CASES, 2)) == {
        k: level for k, level in by_comparing(CASES, keys_of(CASES, 2)).items() if level
    }
    assert not traps.exists()


def test_the_child_that_reads_tables_imports_nothing_from_the_current_folder(traps, tmp_path):
    table = tmp_path / "a.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["学号", "姓名"], ["1", "李一"]])
    assert [cell for sheet in read_sheets(table) for row in sheet.rows for cell in row]
    assert not traps.exists()
