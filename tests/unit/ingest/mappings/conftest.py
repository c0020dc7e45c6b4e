"""A small college, and files for it."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl.utils import range_boundaries

from services.ingest.mappings.days import Days
from services.ingest.mappings.lessons import Lessons
from services.ingest.mappings.loading import load_mapping
from services.ingest.mappings.reading import College, is_event, open_mapped
from services.ingest.mappings.targets import targets
from services.ingest.schemas import load_schemas
from services.messages import CampusEvent
from services.tabular.sheets import Sheet

SCHEMAS = Path(__file__).parents[4] / "schemas"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
TABLES = {
    "people": [
        {"id": "00012", "name": "王丽"},
        {"id": "00040", "name": "王丽"},
        {"id": "00007", "name": "李建国"},
        {"id": "0700", "name": "甲"},
        {"id": "00700", "name": "乙"},
    ],
    "departments": [{"id": "info", "name_zh": "信息工程系"}],
    "teaching_offices": [{"id": "sw", "name_zh": "软件技术教研室", "department": "info"}],
    "majors": [{"id": "510203", "name_zh": "软件技术", "department": "info"}],
    "classes": [
        {"id": "k1", "name": "软件2601", "aliases": "程序一班", "major": "510203"},
        {"id": "k2", "name": "软件2602", "major": "510203"},
    ],
    "courses": [
        {"id": "G0101", "name_zh": "高等数学", "class": "k1", "teacher": "00007", "teaching_office": "sw"},
        {"id": "S0101", "name_zh": "大学英语（一）", "class": "k1", "teacher": "00012"},
        {"id": "S0101", "name_zh": "大学英语（一）", "class": "k2", "teacher": "00040"},
    ],
    "roles": [
        {"role": "course_teacher", "person": "00007", "scope": "G0101", "class": "k1", "to": date(2026, 10, 31)},
        {"role": "course_teacher", "person": "00040", "scope": "G0101", "class": "k1", "from": date(2026, 11, 1)},
    ],
    "students": [
        {"id": "s1", "name": "李娜", "class": "k1"},
        {"id": "s2", "name": "李娜", "class": "k2"},
        {"id": "s3", "name": "周 杰", "class": "k1", "to": date(2026, 9, 20)},
        {"id": "s3", "name": "周 杰", "class": "k2", "from": date(2026, 9, 21)},
        {"id": "s4", "name": "赵六", "class": "k1"},
        {"id": "s5", "name": "赵六", "class": "k1"},
    ],
}


def lesson(class_, course, day, first, last, at, status="planned", **data):
    given = {
        "lesson": f"{class_}|{course}|{day}|{first}-{last}",
        "class": class_,
        "course": course,
        "teacher": "00007",
        "starts_at": f"{day}T{at}:00:00+08:00",
        "ends_at": f"{day}T{at}:40:00+08:00",
        "hours": 2,
        "status": status,
    }
    at = datetime(2026, 8, 30, tzinfo=UTC)
    return CampusEvent(source="t", id=given["lesson"], kind="lesson", time=at, data=given | data)


LESSONS = [
    (lesson("k1", "G0101", "2026-09-08", 1, 2, "08"), True),
    (lesson("k1", "S0101", "2026-09-08", 3, 4, "10"), True),
    (lesson("k1", "G0101", "2026-09-09", 1, 2, "08", "cancelled"), True),
    (lesson("k1", "S0101", "2026-09-10", 1, 2, "08", "moved"), False),
    (lesson("k1", "G0101", "2026-09-10", 1, 2, "08"), True),
    (lesson("k2", "G0101", "2026-09-22", 3, 4, "10"), True),
]


@pytest.fixture(scope="session")
def known_targets():
    return targets(load_schemas(SCHEMAS))


@pytest.fixture
def college():
    days = Days(ZONE, date(2026, 11, 27), [(date(2026, 8, 31), date(2027, 1, 15))])
    return College(TABLES, days, Lessons(LESSONS, ZONE), NOW)


@pytest.fixture
def mapping(tmp_path, known_targets):
    """The mapping of a text."""

    def load(text):
        path = tmp_path / "m.yaml"
        path.write_text(text, "utf-8")
        return load_mapping(path, known_targets)

    return load


@pytest.fixture
def book():
    """(path, sheets) of a workbook: rows by the name of their sheet, and ranges that are merged on each."""

    def make(merged=(), hidden=(), name="f.xlsx", **sheets):
        bounds = [range_boundaries(span) for span in merged]
        spans = [(top, left, bottom, right) for left, top, right, bottom in bounds]
        return Path(name), [
            Sheet(title, title in hidden, [list(row) for row in rows], spans) for title, rows in sheets.items()
        ]

    return make


@pytest.fixture
def read(mapping, book, known_targets, college):
    """(records, what is wrong as texts) of rows on one sheet `表` through a mapping."""

    def through(text, rows=None, made=None, wanted=is_event, **options):
        path, sheets = made or book(表=rows, **options)
        mapped = open_mapped(path, mapping(text), known_targets, college, wanted, sheets)
        records = [record for _, record in mapped.records()]
        return records, [str(problem) for record in records for problem in record.problems]

    return through
