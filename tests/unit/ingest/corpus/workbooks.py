"""Workbooks of other systems: what spreadsheets make of cells, what attackers make of workbooks."""

from datetime import date, datetime, time

from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.unit.ingest.corpus.cases import DAY, Case, text, theirs
from tests.unit.tabular import made
from tests.unit.tabular.made import book, edited, page, sheet_xml, xml_2003, zipped

ONE, BOTH = ("s1 absent",), ("s1 absent", "s2 late")
TWO = theirs(("s1", "旷课"), ("s2", "迟到"))
PART = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = b'<drawing xmlns:r="%s" r:id="rId9"/>' % OFFICE
NOON = datetime(2024, 9, 9, 8)  # noqa: DTZ001 - a spreadsheet knows no zone


def case(raw, takes=(), refused=(), name="a.xlsx", **more) -> Case:
    return Case(name, raw, takes, refused, door="mapped", **more)


def edit(change, rows=TWO):
    return lambda: book(*rows, edit=change)


def merged(workbook):
    sheet = workbook.active
    sheet.merge_cells("A2:A3")
    sheet.merge_cells("B2:B3")


def hidden(workbook):
    more = workbook.create_sheet("旧")
    for row in theirs(("s2", "迟到")):
        more.append(row)
    more.sheet_state = "hidden"


def two_sheets(workbook):
    more = workbook.create_sheet("第二周")
    for row in theirs(("s2", "迟到")):
        more.append(row)


def legend(workbook):
    more = workbook.create_sheet("说明")
    more.append(["本表由系统导出"])


def mac(workbook):
    workbook.epoch = CALENDAR_MAC_1904


def coloured_down(workbook):
    """A format on rows far below: they look used and are blank."""
    for row in range(4, 2_000):
        workbook.active.cell(row, 1).fill = PatternFill("solid", "FFFF00")


def formula(workbook):
    workbook.active["D2"] = '=IF(1,"旷课","")'


def far_out(workbook):
    workbook.active["XFD1"] = "x"


def row_xml(number, *cells):
    inside = "".join(
        f'<c r="{letter}{number}" t="str"><v>{cell}</v></c>' for letter, cell in zip("ABCD", cells, strict=False)
    )
    return f'<row r="{number}">{inside}</row>'.encode()


def calculated():
    status = '<c r="D2" t="str"><f>A1&amp;B1</f><v>旷课</v></c></row>'.encode()
    return sheet_xml(row_xml(1, *TWO[0]) + row_xml(2, f"{DAY} 08:00", "L1", "s1").replace(b"</row>", status))


def error_cell():
    rows = row_xml(1, *TWO[0]) + row_xml(2, f"{DAY} 08:00", "L1", "s1").replace(
        b"</row>", b'<c r="D2" t="e"><v>#REF!</v></c></row>'
    )
    return sheet_xml(rows + row_xml(3, f"{DAY} 08:00", "L1", "s2", "迟到"))


def corner():
    return sheet_xml(b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def wide_rows():
    return sheet_xml(b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 1_300)))


CASES = {
    "a workbook": case(edit(lambda _: None), BOTH),
    "a workbook called .csv": case(edit(lambda _: None), BOTH, name="a.csv"),
    "a workbook where none is expected": Case("a.xlsx", edit(lambda _: None), door="csv", stops="--mapping office"),
    "a workbook where events are expected": Case("a.xlsx", edit(lambda _: None), door="json", stops="--mapping office"),
    "a day among instants": case(
        book(*theirs((NOON, "L1", "s1", "旷课"), (date(2024, 9, 9), "L2", "s2", "迟到"))), BOTH
    ),
    "days alone": case(book(*theirs((date(2024, 9, 9), "L1", "s1", "旷课"))), (), ("2024-09-09 has no time of day",)),
    "days as numbers": case(book(*theirs((45544.333333, "L1", "s1", "旷课"))), ONE),
    "days of 1904": case(edit(mac, theirs((NOON, "L1", "s1", "旷课"))), ONE),
    "a time alone for a day": case(book(*theirs((time(8), "L1", "s1", "旷课"))), (), ("08:00",)),
    "ids as numbers": case(book(*theirs((12, "旷课"))), ("0012 absent",)),
    "ids of 17 digits as numbers": case(book(*theirs((20240909123456789, "旷课"))), (), ("has lost digits",)),
    "a truth for a status": case(book(*theirs(("s1", True))), (), ("the word true is not known",)),
    "cells that are merged down": case(edit(merged, [TWO[0], TWO[1], [None, None, "s2", "迟到"]]), BOTH),
    "a hidden sheet": case(edit(hidden, theirs(("s1", "旷课"))), ONE),
    "two sheets of one kind": case(edit(two_sheets, theirs(("s1", "旷课"))), BOTH),
    "a sheet of explanations": case(edit(legend), BOTH),
    "formats on 2,000 blank rows": case(edit(coloured_down), BOTH),
    "a formula that was never calculated": case(edit(formula), ("s2 late",), ("calculated",)),
    "a formula with what it came to": case(calculated, ONE),
    "a cell with an error": case(error_cell, ("s2 late",), ("#REF!",)),
    "16,384 columns": case(edit(far_out), BOTH),
    "the two corners": case(corner, stops="more than 1,048,575 rows"),
    "1,300 rows out to the last column": case(wide_rows, stops="more than 20,000,000 cells"),
    "a size that is a lie": case(
        lambda: edited(book(*TWO), PART, lambda xml: xml.replace(b'ref="A1:D3"', b'ref="A1"')), BOTH
    ),
    "a drawing that is not there": case(
        lambda: edited(
            book(*TWO),
            PART,
            lambda xml: xml.replace(
                b"</worksheet>",
                DRAWING + b"</worksheet>",
            ),
        ),
        BOTH,
    ),
    "an entity of a file": case(lambda: sheet_xml(b"<row><c><v>&x;</v></c></row>", head=XXE), stops="is damaged"),
    "entities that unfold": case(lambda: sheet_xml(b"<row><c><v>&c;</v></c></row>", head=LAUGHS), stops="is damaged"),
    "styles that are rubbish": case(
        lambda: edited(book(*TWO), "xl/styles.xml", lambda _: b"<rubbish"), stops="is damaged"
    ),
    "no list of sheets": case(lambda: edited(book(*TWO), "xl/workbook.xml", lambda _: None), stops="is damaged"),
    "a workbook that is cut off": case(lambda: book(*TWO)[:-300], stops="is damaged"),
    "a workbook with rubbish behind it": case(lambda: book(*TWO) + bytes(1_000), BOTH),
    "a workbook with rubbish before it": case(lambda: b"rubbish" + book(*TWO), stops="no row has these columns"),
    "a workbook with a password": case(
        OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), stops="protected by a password", name="a.xlsx"
    ),
    "half an xls": case(OLE + bytes(600), stops="is damaged", name="a.xls"),
    "an xls of rubbish": case(OLE + b"\xff" * 5_000, stops="is damaged", name="a.xls"),
    "a picture called .xlsx": case(b"\x89PNG\r\n\x1a\n" + bytes(99), stops="no table"),
    "a PDF called .xls": case(b"%PDF-1.7\n" + bytes(99), stops="no table", name="a.xls"),
    "a text of Word": case(zipped(**{"word/document__xml": b"<a/>"}), stops="DOCX"),
    "a table of HTML called .xls": case(
        page(
            "<table>"
            + "".join("<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in TWO)
            + "</table>",
            "gb2312",
        ),
        BOTH,
        name="a.xls",
    ),
    "a table of HTML with spans of a million": case(
        page(
            '<table><tr><td colspan="1000000" rowspan="1000000">考勤</td></tr>'
            "<tr><td>时间<td>课次<td>学号<td>状态</tr></table>"
        ),
        name="a.xls",
    ),
    "HTML with a script": case(
        page(
            "<script>alert(1)</script><table>"
            + "".join("<tr>" + "".join(f"<td>{one}" for one in row) for row in TWO)
            + "</table>"
        ),
        BOTH,
        name="a.xls",
    ),
    "XML of 2003": case(
        xml_2003(
            "".join(
                "<Row>" + "".join(f'<Cell><Data ss:Type="String">{one}</Data></Cell>' for one in row) + "</Row>"
                for row in TWO
            )
        ),
        BOTH,
        name="a.xls",
    ),
    "XML of 2003 with an entity": case(
        xml_2003("<Row/>").replace(b'<?xml version="1.0"?>', b'<?xml version="1.0"?>' + XXE),
        stops="is damaged",
        name="a.xls",
    ),
    "tabs called .xls": case(text(TWO, "\t").encode("gb18030"), BOTH, name="a.xls"),
    "a zip of a workbook": case(lambda: zipped(a__xlsx=book(*TWO)), BOTH, name="a.zip"),
    "a zip of two tables": case(
        lambda: zipped(a__csv=text(theirs(("s1", "旷课"))).encode(), b__xlsx=book(*theirs(("s2", "迟到")))),
        BOTH,
        name="a.zip",
    ),
    "a zip that unpacks to 400 MB": case(made.bomb, stops="unpacks to more than 256 MB", name="a.zip"),
    "a gz that unpacks to 300 MB": case(made.gz_bomb, stops="unpacks to more than 256 MB", name="a.csv.gz"),
    "a zip of zips of zips": case(
        lambda: zipped(b__zip=zipped(c__zip=zipped(a__csv=b"a"))), stops="archive of archives", name="a.zip"
    ),
    "a zip of 100,000 names": case(
        lambda: made.many_members(100_000), stops="holds more than 2000 files", name="a.zip"
    ),
    "a zip of nothing": case(zipped, stops="without any file", name="a.zip"),
    "a zip whose member leads out of it": case(
        lambda: zipped(**{"../../evil__csv": text(TWO).encode()}), BOTH, name="a.zip"
    ),
    "a member that says to be larger than it is": case(
        lambda: made.lying(zipped(a__csv=text(TWO).encode())), BOTH, name="a.zip"
    ),
}
