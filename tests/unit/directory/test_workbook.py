"""One workbook with a sheet for each table says the same as the folder of files."""

# ruff: noqa: E501 - a message, and a row of an export, is read as one line
from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from services.directory import load

NAMES = (
    "people",
    "departments",
    "teaching_offices",
    "majors",
    "classes",
    "courses",
    "roles",
    "students",
    "exemptions",
    "sources",
)


def cell(text):
    """As a person who types it into a spreadsheet gets it."""
    try:
        return date.fromisoformat(text) if "-" in text else float(text) if "." in text else int(text)
    except ValueError:
        return text or None


@pytest.fixture
def book(folder):
    """The college as a workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in NAMES:
        sheet = book.create_sheet(name)
        for row in csv.reader(io.StringIO((folder / f"{name}.csv").read_text("utf-8"))):
            sheet.append([cell(text) for text in row])
    return book


@pytest.fixture
def saved(book, tmp_path):
    """Writes the workbook and says where."""

    def save():
        book.save(tmp_path / "college.xlsx")
        return tmp_path / "college.xlsx"

    return save


def test_a_workbook_is_the_same_directory_as_the_files(folder, saved, home, run):
    assert run("import", saved())[0] == 0
    assert load(home / "directory").version == load(folder).version


def test_exemptions_suspensions_and_ranks_are_sheets_and_columns_too(book, folder, add, saved, home, run):
    rows = {
        "students": "s2,,m2601,2026-10-01,2026-10-31,,,suspended",
        "exemptions": "s1,attendance,2026-10-01,,免修",
        "sources": "door,,,2,all",
    }
    for name, row in rows.items():
        book[name].append([cell(text) for text in row.split(",")])
        add(f"{name}.csv", row)
    assert run("import", saved())[0] == 0
    assert load(home / "directory").version == load(folder).version


def test_sheets_may_be_missing_empty_or_in_capitals(book, folder, saved, home, run):
    book["people"].title = "being renamed"
    book["being renamed"].title = "People"
    book.create_sheet("Sheet1")
    del book["sources"]
    assert run("import", saved())[0] == 0
    (folder / "sources.csv").unlink()
    assert load(home / "directory").version == load(folder).version


def test_what_is_wrong_is_told_by_sheet_row_and_column(book, saved, run):
    book["students"].append(["s3", "李三", "m2602", datetime(2026, 9, 1, 8, 30)])  # noqa: DTZ001 - a spreadsheet knows no zone
    book["people"].append([7, True, "zoe"])
    book["people"].append(["zoe", 20260901000000001, None, "=A1"])
    book["roles"].append(["class_tutr", "anna", "#REF!"])
    book["roles"]["C12"].data_type = "e"
    book.create_sheet("peple").append(["id"])
    code, told = run("import", saved(), "--json")
    assert code == 1
    assert [f"{one['where']}: {one['what']} ({one['expected']})" for one in told["problems"]] == [
        "college.xlsx sheet people cell B8: is a number of more than 15 digits, of which the last are lost (a column formatted as text)",
        "college.xlsx sheet people cell D8: holds a formula that was never calculated (open and save the file, or its value)",
        "college.xlsx sheet roles cell C12: holds an error (#REF!) (a value)",
        "college.xlsx sheet peple: is no table of the directory (people)",
        "college.xlsx sheet people row 7, column email: 'zoe' is not an e-mail address (name@domain)",
        "college.xlsx sheet students row 5, column from: '2026-09-01 08:30:00' is not a day (2026-09-01)",
        "college.xlsx sheet students row 5, column class: 'm2602' is not in classes (m2601)",
        "college.xlsx sheet roles row 12, column role: there is no role 'class_tutr' (class_tutor)",
    ]


def edited(path, member, change):
    """Another program wrote the file: one member of it is other XML."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content[member] = change(content[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in content.items():
            archive.writestr(name, raw)
    return path


def test_a_formula_counts_as_what_it_last_came_to(book, saved, home, run):
    book["people"].append(["zoe", "Zoe", '="zoe"&"@college.test"'])

    def calculated(xml):
        text = xml.replace(b'<c r="C7">', b'<c r="C7" t="str">')
        return text.replace(b"<v />", b"<v>zoe@college.test</v>").replace(b"<v></v>", b"<v>zoe@college.test</v>")

    assert run("import", edited(saved(), "xl/worksheets/sheet1.xml", calculated))[0] == 0
    assert load(home / "directory").person("zoe").email == "zoe@college.test"


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    b'<c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
)


RIGHT = " (expected: open it in Excel or WPS and save it anew as .xlsx)"


@pytest.mark.parametrize(
    ("xml", "told"),
    [
        pytest.param(ENTITIES, "(ValueError)", id="entities that unfold"),
        pytest.param(b"<worksheet", "(ParseError)", id="cut off"),
        pytest.param(b"", "(ParseError)", id="empty"),
    ],
)
def test_a_sheet_that_cannot_be_read_refuses_the_workbook(saved, home, run, xml, told):
    path = edited(saved(), "xl/worksheets/sheet1.xml", lambda _: xml)
    assert run("import", path) == (
        1,
        f"college.xlsx: is damaged, or not what its beginning says {told}{RIGHT}",
    )
    assert not (home / "directory").exists()


@pytest.mark.properties
def test_a_sheet_that_says_to_be_endless_ends(book, saved, run):
    book["people"]["XFD1048576"] = "far away"
    told = run("import", saved())[1]
    assert told == (
        "college.xlsx sheet people: has more than 1,048,575 rows, or a cell further down "
        "(expected: the rows and columns of the table alone, or a part of them in each file)"
    )
