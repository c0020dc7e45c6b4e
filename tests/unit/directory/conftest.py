"""A small college in nine files, written to a folder of each test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import app

COLLEGE = {
    "people.csv": """\
id,name,email,channel,language,from,to
anna,安娜,anna@college.test,,zh,,
bo,薄老师,bo@college.test,,zh,,
chen,陈主任,chen@college.test,json://chen.test,zh,,
dai,戴老师,dai@college.test,,en,,2026-10-31
eve,Eve,,,en,2026-11-01,
""",
    "departments.csv": """\
id,name_zh,name_en,parent
tech,工程系,Engineering,
mech,机械组,Mechanics,tech
care,护理系,Nursing,
""",
    "teaching_offices.csv": "id,name_zh,name_en,department\nmaths,数学教研室,Mathematics,tech\n",
    "majors.csv": "id,name_zh,name_en,department\nmechatronics,机电一体化,Mechatronics,mech\nnursing,护理,,care\n",
    "classes.csv": """\
id,name,major,cohort,from,to,department
m2601,机电2601,mechatronics,2026,2026-09-01,2029-06-30,
n2601,护理2601,nursing,2026,2026-09-01,2029-06-30,
open,公选班,,,,,tech
""",
    "courses.csv": """\
id,name_zh,name_en,teaching_office,planned_hours,class,teacher
algebra,代数,Algebra,maths,64,,bo
algebra,,,,72,n2601,
english,英语,,,32.5,,
""",
    "roles.csv": """\
role,person,scope_kind,scope,class,from,to
class_tutor,anna,class,m2601,,2026-09-01,2026-10-07
class_tutor,dai,class,m2601,,2026-10-08,
counsellor,anna,department,mech,,,
counsellor,bo,class,n2601,,,
course_teacher,dai,course,algebra,m2601,2026-09-01,
department_head,chen,department,tech,,,
teaching_office_head,bo,teaching_office,maths,,,
major_head,chen,major,mechatronics,,,
student_affairs,chen,,,,,
student_affairs,anna,college,,,,
""",
    "students.csv": """\
id,name,class,from,to,email,channel,status
s1,李一,m2601,2026-09-01,2026-10-07,s1@college.test,
s1,,n2601,2026-10-08,,,
s2,李二,m2601,2026-09-01,,,
""",
    "sources.csv": "id,owner,expected_interval,rank,lists\nphone,anna,1h,,\n",
    "exemptions.csv": "student,of,from,to,why\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files of the college."""
    place = tmp_path / "college"
    place.mkdir()
    for name, text in COLLEGE.items():
        (place / name).write_text(text, encoding="utf-8")
    return place


@pytest.fixture
def add(folder: Path) -> Callable[[str, str], None]:
    """Append one row to a file of the college."""

    def append(name: str, row: str) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(row + "\n")

    return append


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a directory is installed."""
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Callable[..., tuple[int, Any]]:
    """Runs `prewarn directory …`: exit code, and what it prints; with --json as data; else what it raises."""

    def ran(*arguments: str | Path) -> tuple[int, Any]:
        found = CliRunner().invoke(app, ["--home", str(home), "directory", *map(str, arguments)])
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            return 1, str(found.exception)
        return found.exit_code, json.loads(found.stdout) if "--json" in arguments else found.stdout

    return ran
