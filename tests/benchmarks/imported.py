"""A file of attendance through `prewarn ingest`, as somebody sees it at a terminal: rows a second, and peak memory.

python tests/benchmarks/imported.py [--rows 1000000] [--as csv|mapped|xlsx] [--import-only] [--json]

`csv`: with our columns. `mapped`, `xlsx`: with the eight columns of an attendance system, through a mapping.

All of it: read, validated, kept with its run, told to the log, put in order and evaluated, in a home of its own; then
the same file again, of which nothing changes, and the undo of both. The progress bar must have been seen.
"""

import argparse
import csv
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import openpyxl

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.faults.running import PREWARN, environment, write_table
from tests.rule_files import folder, rule

STUDENTS = 2_000
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=60)


def _rows(number: int) -> Iterator[str]:
    yield "occurred_at,lesson,student,status\n"
    for n in range(number):
        lesson, student = divmod(n, STUDENTS)
        status = "absent" if n % 97 == 0 else "present"
        yield f"{(BEGIN + timedelta(hours=lesson)).isoformat()},l{lesson},s{student},{status}\n"


SHARED_STRINGS = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
HEADER = ("班级", "课程", "上课时间", "课次", "学号", "姓名", "考勤结果", "备注")
MAPPING = """mapping: office
source: office
tables:
- to: attendance
  time: 上课时间
  fields: {lesson: 课次, student: 学号, status: {column: 考勤结果, values: {正常: present, 旷课: absent}}}
"""


def _exported(number: int) -> Iterator[tuple[str, ...]]:
    yield HEADER
    for n in range(number):
        lesson, student = divmod(n, STUDENTS)
        status = "旷课" if n % 97 == 0 else "正常"
        begin = (BEGIN + timedelta(hours=lesson)).astimezone(ZoneInfo("Asia/Shanghai"))
        name, day = f"学生{student}", f"{begin:%Y-%m-%d %H:%M}"
        yield f"软件{student % 50}班", "程序设计基础", day, f"l{lesson}", f"s{student}", name, status, "钉钉打卡"


def _write_csv(file: Path, rows: Iterator[tuple[str, ...]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)


def _write_xlsx(file: Path, rows: Iterator[tuple[str, ...]]) -> None:
    """As spreadsheets write it, each text once; openpyxl takes a quarter of an hour for a million rows."""
    texts: dict[str, int] = {}
    part = "xl/worksheets/sheet1.xml"
    empty = BytesIO()
    openpyxl.Workbook().save(empty)
    with zipfile.ZipFile(empty) as given, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        with out.open(part, "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            for number, row in enumerate(rows, 1):
                cells = (
                    f'<c r="{letter}{number}" t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'
                    for letter, text in zip("ABCDEFGH", row, strict=True)
                )
                sheet.write(f'<row r="{number}">{"".join(cells)}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
        out.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{shared}</sst>')
        for member in given.namelist():
            if member != part:
                out.writestr(member, given.read(member).replace(b"</Types>", SHARED_STRINGS))


def _file(place: Path, kind: str, number: int) -> tuple[str | Path, ...]:
    """Writes the file; the command that imports it."""
    file = place / f"attendance.{kind.replace('mapped', 'csv')}"
    if kind == "csv":
        with file.open("w", encoding="utf-8") as out:
            out.writelines(_rows(number))
        return "ingest", file, "--kind", "attendance", "--source", "office"
    (_write_xlsx if kind == "xlsx" else _write_csv)(file, _exported(number))
    (place / "office.yaml").write_text(MAPPING, "utf-8")
    return "ingest", file, "--mapping", place / "office.yaml"


def _college(place: Path) -> Path:
    folder(place / "rules", rule("absent"))
    write_table(place / "directory", "classes.csv", "id,name", [(f"k{n}", f"K{n}") for n in range(50)])
    students = [(f"s{n}", f"S{n}", f"k{n % 50}") for n in range(STUDENTS)]
    write_table(place / "directory", "students.csv", "id,name,class", students)
    return place


class Peaks(Thread):
    """The most memory of a process, and of the children that read workbooks, in MiB, looked at until it has ended."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._over = pid, Event()
        self.parent = self.child = 0.0

    def run(self) -> None:
        """Looks ten times a second: of each process the system knows the most that it ever had."""
        while not self._over.wait(0.1):
            self.parent = max(self.parent, _peak(self._pid))
            children = Path(f"/proc/{self._pid}/task/{self._pid}/children")
            with suppress(OSError):
                self.child = max([self.child, *map(_peak, children.read_text().split())])

    def end(self) -> None:
        """The process has ended."""
        self._over.set()
        self.join()


def _peak(pid: int | str) -> float:
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def _at_a_terminal(home: Path, *arguments: str | Path) -> tuple[str, float, Peaks, bool]:
    """What it says last, seconds, peak memory, and whether a bar was there."""
    ours, theirs = pty.openpty()
    begun = time.monotonic()
    process = subprocess.Popen(
        [*PREWARN, "--home", home, *arguments], env=environment(TERM="xterm"), stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    peaks = Peaks(process.pid)
    peaks.start()
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    process.wait()
    peaks.end()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode("utf-8", "replace"))
    if process.returncode:
        sys.exit(text[-2000:])
    said = [line.strip() for line in text.splitlines() if line.startswith("run 批次")]
    return said[-1], time.monotonic() - begun, peaks, "━" in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # nobody writes any more
        return b""


def main() -> None:
    """Prints a line for each command."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--as", choices=("csv", "mapped", "xlsx"), default="csv", dest="kind")
    options.add_argument("--import-only", action="store_true")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        home = _college(Path(place) / "home")
        imported = _file(Path(place), given.kind, given.rows)
        commands = {
            "import": imported,
            "again": imported,
            "undo again": ("ingest", "undo", "2"),
            "undo": ("ingest", "undo", "1"),
        }
        for name, command in list(commands.items())[: 1 if given.import_only else None]:
            said, seconds, peaks, bar = _at_a_terminal(home, *command)
            assert bar or "undo" in name, "no progress bar was shown"
            figures[name] = {
                "rows_per_second": round(given.rows / seconds),
                "peak_rss_mb": round(peaks.parent),
                "child_peak_rss_mb": round(peaks.child),
            }
            if not given.json:
                line = f"{name}: {given.rows / seconds:,.0f} rows/s, {seconds:.0f} s, peak {peaks.parent:.0f} MiB"
                sys.stdout.write(f"{line}, of a child {peaks.child:.0f} MiB; {said}\n")
                sys.stdout.flush()
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
