"""Hostile and odd files with the answer that each must have: its rows, or the sentence that refuses it."""

import gzip
import time as clock
from datetime import date, datetime, time, timedelta

import openpyxl
import pytest

from services.errors import ProblemsError
from services.i18n import LANGUAGES, render
from services.tabular.sheets import CellError, read_sheets
from tests.unit.tabular import made
from tests.unit.tabular.made import book, edited, page, sheet_xml, xml_2003, zipped

TEXT = "学号,姓名\r\n01,张三\r\n"
ROWS = [["学号", "姓名"], ["01", "张三"]]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'


def table(*rows):
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def epoch_1904(made_book):
    made_book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904


def dates(made_book):
    made_book.active["A1"] = date(2026, 9, 1)
    made_book.active["B1"] = time(8, 55)
    made_book.active["C1"] = timedelta(hours=30)
    made_book.active["D1"] = datetime(2026, 9, 1, 8, 30)  # noqa: DTZ001 - a spreadsheet knows no zone


RIGHT = {
    "utf-8": ("a.csv", TEXT.encode(), ROWS),
    "utf-8 with a mark": ("a.csv", TEXT.encode("utf-8-sig"), ROWS),
    "utf-16 with a mark": ("a.csv", TEXT.encode("utf-16"), ROWS),
    "utf-16-le without": ("a.csv", TEXT.encode("utf-16-le"), ROWS),
    "utf-16-be without": ("a.csv", TEXT.encode("utf-16-be"), ROWS),
    "utf-16 with tabs, as Excel's Unicode text": ("a.txt", TEXT.replace(",", "\t").encode("utf-16"), ROWS),
    "gb18030": ("a.csv", TEXT.encode("gb18030"), ROWS),
    "gb18030 with a rare name": ("a.csv", TEXT.replace("张三", "㛃䶮").encode("gb18030"), [ROWS[0], ["01", "㛃䶮"]]),
    "tabs": ("a.tsv", TEXT.replace(",", "\t").encode(), ROWS),
    "semicolons": ("a.csv", TEXT.replace(",", ";").encode(), ROWS),
    "bars": ("a.csv", TEXT.replace(",", "|").encode(), ROWS),
    "sep=": ("a.csv", b"sep=;\r\n" + TEXT.replace(",", ";").encode(), ROWS),
    "sep= quoted": ("a.csv", b'"sep=;"\r\n' + TEXT.replace(",", ";").encode(), ROWS),
    "sep= a tab": ("a.csv", b"sep=\t\n" + TEXT.replace(",", "\t").encode(), ROWS),
    "sep= behind a mark": ("a.csv", b"\xef\xbb\xbfSEP=;\r\n" + TEXT.replace(",", ";").encode(), ROWS),
    "sep= in utf-16": ("a.csv", ("sep=;\r\n" + TEXT.replace(",", ";")).encode("utf-16"), ROWS),
    "sep= that is another than the most frequent": ("a.csv", b"sep=;\na,b;c\n", [["a,b", "c"]]),
    "line ends of a Mac": ("a.csv", TEXT.replace("\r\n", "\r").encode(), ROWS),
    "mixed line ends": ("a.csv", b"a,b\r\nc,d\ne,f\r\n", [["a", "b"], ["c", "d"], ["e", "f"]]),
    "no line end at the end": ("a.csv", b"a,b\nc,d", [["a", "b"], ["c", "d"]]),
    "a line break in a cell": ("a.csv", b'a,"b\nc"\nd,e\n', [["a", "b\nc"], ["d", "e"]]),
    "quotes in a cell": ("a.csv", b'a,"say ""x"", y"\n', [["a", 'say "x", y']]),
    "zeros in front stay": ("a.csv", b"007,1e5,=1+1\n", [["007", "1e5", "=1+1"]]),
    "blank rows, and none at the end": ("a.csv", b"a\n\n,,\nb\n,\n\n", [["a"], [], [], ["b"]]),
    "rows of different length": ("a.csv", b"a,b,c\nd\n", [["a", "b", "c"], ["d"]]),
    "a title above the header": ("a.csv", "考勤\na;b\nc;d\n".encode(), [["考勤"], ["a", "b"], ["c", "d"]]),
    "nothing": ("a.csv", b"", []),
    "white space alone": ("a.csv", b"\r\n\r\n", []),
    "gz": ("a.csv.gz", gzip.compress(TEXT.encode()), ROWS),
    "zip": ("a.zip", zipped(a__csv=TEXT.encode()), ROWS),
    "zip with what a Mac adds": ("a.zip", zipped(**{"__MACOSX/._a": b"\0\1", "a__csv": TEXT.encode()}), ROWS),
    "a member that says to be larger than it is": ("a.zip", made.lying(zipped(a__csv=b"a")), [["a"]]),
    "zip of gz": ("a.zip", zipped(a__csv__gz=gzip.compress(TEXT.encode())), ROWS),
    "gz of a workbook": ("a.xlsx.gz", gzip.compress(book(["x", 1])), [["x", 1]]),
    "workbook in a zip": ("a.zip", zipped(a__xlsx=book(["x", 1])), [["x", 1]]),
    "workbook called .csv": ("a.csv", book(["x", 1]), [["x", 1]]),
    "workbook called .xls": ("a.xls", book(["x", 1]), [["x", 1]]),
    "csv called .xls": ("a.xls", TEXT.encode("gb18030"), ROWS),
    "tabs called .xls": ("a.xls", TEXT.replace(",", "\t").encode("gb18030"), ROWS),
    "numbers and truth": ("a.xlsx", book([1, 1.0, 1.5, True, "1"]), [[1, 1, 1.5, True, "1"]]),
    "days and times": (
        "a.xlsx",
        book(edit=dates),
        [[date(2026, 9, 1), time(8, 55), timedelta(hours=30), datetime(2026, 9, 1, 8, 30)]],  # noqa: DTZ001
    ),
    "days of 1904": ("a.xlsx", book([date(2026, 9, 1)], edit=epoch_1904), [[date(2026, 9, 1)]]),
    "errors stay what they are": ("a.xlsx", book(["#N/A", "#DIV/0!"]), [[CellError("#N/A"), CellError("#DIV/0!")]]),
    "a formula is what it came to": (
        "a.xlsx", sheet_xml(b'<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>'), [[2]],
    ),
    "a gap": ("a.xlsx", sheet_xml(b'<row r="3"><c r="C3"><v>7</v></c></row>'), [[], [], [None, None, 7]]),
    "cells without a place": ("a.xlsx", sheet_xml(b"<row><c><v>1</v></c><c><v>2</v></c></row>"), [[1, 2]]),
    "a size that is a lie": (
        "a.xlsx",
        edited(book([1, 2], [3, 4]), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1"')),
        [[1, 2], [3, 4]],
    ),
    "16,384 columns": ("a.xlsx", sheet_xml(b'<row r="1"><c r="XFD1"><v>7</v></c></row>'), [[*[None] * 16_383, 7]]),
    "a day that is none": ("a.xlsx", book([-5.5]), [[-5.5]]),
    "html called .xls": ("a.xls", page(table("<td>a<td>b", "<td>c</td><td>d")), [["a", "b"], ["c", "d"]]),
    "html in gb2312": ("a.xls", page(table("<td>学号"), "gb2312"), [["学号"]]),
    "html in utf-16": ("a.xls", page(table("<td>学号</td>")).decode().encode("utf-16"), [["学号"]]),
    "html with blanks and breaks": ("a.xls", page(table("<td>&nbsp;</td><td> a<br>b </td>")), [[None, "a\nb"]]),
    "html that nothing ends": ("a.xls", b"<table><tr><td>a<td>b<tr><td>c", [["a", "b"], ["c"]]),
    "html with a script": ("a.xls", page("<script>if (a < b) '<td>'</script>" + table("<td>a")), [["a"]]),
    "a table in a table": ("a.xls", page(table("<td>a" + table("<td>b") + "</td><td>c")), [["ab", "c"]]),
    "html with a span of a million": (
        "a.xls", page(table('<td colspan="1000000">a</td><td>b')), [["a", *[None] * 999, "b"]],
    ),
    "xml of 2003": (
        "a.xls",
        xml_2003(
            '<Row><Cell><Data ss:Type="String">a</Data></Cell>'
            '<Cell ss:Index="3"><Data ss:Type="Number">7</Data></Cell></Row>'
        ),
        [["a", None, 7]],
    ),
    "xml of 2003 with a gap": (
        "a.xls", xml_2003('<Row ss:Index="3"><Cell><Data ss:Type="Boolean">1</Data></Cell></Row>'), [[], [], [True]],
    ),
}  # fmt: skip

WRONG = {
    "a member that is cut off": ("a.xlsx", book(["a"] * 50)[:-300], r"is damaged, or no \.zip or \.xlsx"),
    "half a gz": ("a.csv.gz", gzip.compress(TEXT.encode() * 99)[:-20], "ends in the middle"),
    "gz of rubbish": ("a.gz", b"\x1f\x8b\x08\x00" + b"x" * 50, "ends in the middle"),
    "a zip that unpacks to 400 MB": ("a.zip", made.bomb, "unpacks to more than 256 MB"),
    "a gz that unpacks to 300 MB": ("a.gz", made.gz_bomb, "unpacks to more than 256 MB"),
    "a list of 100,000 names": ("a.zip", made.many_members(100_000), "holds more than 2000 files"),
    "a zip of zips of zips": ("a.zip", zipped(b__zip=zipped(c__zip=zipped(a__csv=b"a"))), "archive of archives"),
    "an empty zip": ("a.zip", zipped(), "without any file"),
    "a password": ("a.xlsx", OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "protected by a password"),
    "half an xls": ("a.xls", OLE + bytes(600), "is damaged, or not what its beginning says"),
    "xls of rubbish": ("a.xls", OLE + b"\xff" * 5000, "is damaged, or not what its beginning says"),
    "a picture": ("a.xls", b"\x89PNG\r\n\x1a\n" + bytes(99), "is no table that can be read"),
    "a PDF": ("a.csv", b"%PDF-1.7\n" + bytes(99), "is no table that can be read"),
    "a text of Word": ("a.xls", zipped(**{"word/document__xml": b"<a/>"}), r"is no table that can be read \(DOCX"),
    "an entity of a file": ("a.xlsx", sheet_xml(b"<row><c><v>&x;</v></c></row>", head=XXE), "is damaged"),
    "entities that unfold": ("a.xlsx", sheet_xml(b"<row><c><v>&c;</v></c></row>", head=LAUGHS), "is damaged"),
    "an entity in xml of 2003": (
        "a.xls",
        xml_2003("<Row/>").replace(b'<?xml version="1.0"?>', b'<?xml version="1.0"?>' + XXE),
        "is damaged",
    ),
    "xml that is cut off": ("a.xls", xml_2003("<Row/>")[:-30], "is damaged"),
    "no sheet": (
        "a.xlsx",
        edited(book([1]), "xl/worksheets/sheet1.xml", lambda _: None),
        "lists sheets that are not in it",
    ),
    "no list of sheets": ("a.xlsx", edited(book([1]), "xl/workbook.xml", lambda _: b"<a/>"), "is damaged|lists sheets"),
    "a page without a table": ("a.xls", page("<p>请登录</p>"), "web page without a table"),
    "the two corners": (
        "a.xlsx",
        sheet_xml(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "has more than 1,048,575 rows",
    ),
    "400 rows out to the last column": (
        "a.xlsx",
        sheet_xml(b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 401))),
        "has more than 5,000,000 cells",
    ),
}


def read(tmp_path, name, raw, **limits):
    path = tmp_path / name
    path.write_bytes(raw() if callable(raw) else raw)
    return list(read_sheets(path, **limits))


@pytest.mark.properties
@pytest.mark.parametrize("case", RIGHT)
def test_an_odd_file_is_its_rows(tmp_path, case):
    name, raw, rows = RIGHT[case]
    (sheet,) = read(tmp_path, name, raw)
    assert (sheet.rows, sheet.problems) == (rows, [])
    assert [[type(cell) for cell in row] for row in sheet.rows] == [[type(cell) for cell in row] for row in rows]


@pytest.mark.properties
@pytest.mark.parametrize("case", WRONG)
def test_a_hostile_file_is_refused_with_a_sentence(tmp_path, case):
    name, raw, sentence = WRONG[case]
    with pytest.raises(ProblemsError, match=sentence) as refused:
        read(tmp_path, name, raw)
    (problem,) = refused.value.problems
    assert problem.where.startswith(name)
    assert problem.expected or "password" in sentence
    assert all(render(problem.what, language) for language in LANGUAGES)


def test_merged_ranges_hidden_sheets_and_names(tmp_path):
    def edit(workbook):
        workbook.active.merge_cells("A1:B2")
        workbook.create_sheet("代码").sheet_state = "veryHidden"

    first, second = read(tmp_path, "a.xlsx", book(["a", None, "b"], [None, None, "c"], edit=edit))
    assert (first.merged, first.filled()) == ([(1, 1, 2, 2)], [["a", "a", "b"], ["a", "a", "c"]])
    assert (first.hidden, second.name, second.hidden, second.rows) == (False, "代码", True, [])


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        pytest.param("a.xls", page(table('<td rowspan="2">a<td>b', "<td>c")), id="html"),
        pytest.param(
            "a.xls",
            xml_2003(
                '<Row><Cell ss:MergeDown="1"><Data>a</Data></Cell><Cell><Data>b</Data></Cell></Row>'
                '<Row><Cell ss:Index="2"><Data>c</Data></Cell></Row>'
            ),
            id="xml of 2003",
        ),
    ],
)
def test_cells_that_are_merged_down(tmp_path, name, raw):
    (sheet,) = read(tmp_path, name, raw)
    assert (sheet.rows, sheet.merged) == ([["a", "b"], [None, "c"]], [(1, 1, 2, 1)])
    assert sheet.filled() == [["a", "b"], ["a", "c"]]


def test_a_formula_that_was_never_calculated_is_named(tmp_path):
    (sheet,) = read(tmp_path, "a.xlsx", book(["a", "=1+1"], ["b"]))
    assert (sheet.rows, sheet.uncalculated) == ([["a"], ["b"]], {(1, 2)})


def test_rows_that_are_no_csv_are_named_and_the_others_read(tmp_path):
    (sheet,) = read(tmp_path, "a.csv", b'a,b\nc,"d\ne,f\n')
    assert (sheet.rows, [one.where for one in sheet.problems]) == ([["a", "b"], [], ["e", "f"]], ["a.csv row 2"])


def test_names_in_a_zip_of_a_chinese_windows_are_read(tmp_path):
    raw = zipped(考勤__csv=b"a").replace("考勤".encode(), b"\xbf\xbc\xc7\xda__")
    raw = raw.replace(b"\x00\x08", b"\x00\x00")
    (sheet,) = read(tmp_path, "a.zip", raw)
    assert sheet.name.startswith("考勤")


def test_every_file_of_an_archive_is_told_by_its_name(tmp_path):
    sheets = read(tmp_path, "a.zip", zipped(b__csv=b"1", c__xlsx=book([2])))
    assert [(one.file, one.name, one.place) for one in sheets] == [
        ("a.zip, b.csv", "b", "a.zip, b.csv sheet b"),
        ("a.zip, c.xlsx", "A", "a.zip, c.xlsx sheet A"),
    ]


def test_limits_are_said(tmp_path):
    for limits, sentence in (
        ({"rows": 1}, "has more than 1 rows"),
        ({"cells": 3}, "has more than 3 cells"),
    ):
        with pytest.raises(ProblemsError, match=sentence):
            read(tmp_path, "a.xlsx", book(["a", "b"], ["c", "d"]), **limits)


def test_a_file_that_takes_too_long_is_given_up(tmp_path):
    rows = b"".join(b'<row r="%d"/>' % n for n in range(1, 1_000_000))
    began = clock.monotonic()
    with pytest.raises(ProblemsError, match="takes longer than 1 s"):
        read(tmp_path, "a.xlsx", sheet_xml(rows + b'<row r="1000001"><c r="A1000001"><v>1</v></c></row>'), seconds=1)
    assert clock.monotonic() - began < 60  # it ends, however slow the machine


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(ProblemsError, match=r"a\.csv: cannot be read: No such file"):
        list(read_sheets(tmp_path / "a.csv"))
