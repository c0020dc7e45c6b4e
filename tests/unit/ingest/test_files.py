import gzip
import io
import json
import re
import tracemalloc
import zipfile
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from services.ingest.files import ingest_files
from services.ingest.table import TableOptions

HEADER = "source,id,type,time,lesson,student,status,hours"
ROW = "edu,{},attendance,2026-09-07T08:00:00+08:00,L1,S{},absent,2"
ATTENDANCE = TableOptions(kind="attendance", source="edu")


def rows(*numbers):
    return [ROW.format(number, number) for number in numbers]


def table(*lines):
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def take(tmp_path, intake):
    def run(content, name="sent.csv", options=None):
        path = tmp_path / name
        path.write_bytes(content)
        return ingest_files([path], intake, options=options)

    return run


def told(summary):
    """(position, where, what up to the colon) of all rejections."""
    return [(r.position, p.where, str(p.what).partition(":")[0]) for r in summary.rejections for p in r.reasons]


def test_a_table_becomes_events_with_the_types_of_the_schema(take, log):
    header = (
        "kind,source,id,occurred_at,recorded_at,revision,retracted,term,test,student,score,max_score,status,attempt"
    )
    row = "test,edu,1,2026-09-07T08:00:00+08:00,2026-09-07T08:09:00+08:00,2.0,是,2026-autumn,Q1,007, 8.50 ,10,graded,1"
    assert take(table(header, row)).accepted == 1
    (event,) = log.events
    assert (event.revision, event.retracted, event.term, event.recordedat.minute) == (2, True, "2026-autumn", 9)
    assert event.data == {
        "test": "Q1",
        "student": "007",
        "score": 8.5,
        "max_score": 10,
        "status": "graded",
        "attempt": 1,
    }


def test_a_blank_cell_is_an_absent_field(take, log):
    assert take(table(HEADER, "edu,1,attendance,2026-09-07T00:00:00Z,L1,S1,absent, ")).accepted == 1
    assert "hours" not in log.events[0].data


def test_ratings_are_json_in_their_cell(take, log):
    header = "time,period,course,teacher,student,overall,ratings"
    row = '2026-09-07T00:00:00Z,2026-08,C,T,S,good,"{""skill"":""poor""}"'
    assert take(table(header, row), options=TableOptions(kind="assessment", source="edu")).accepted == 1
    assert log.events[0].data["ratings"] == {"skill": "poor"}


def test_every_wrong_cell_is_named_by_row_and_column(take, log):
    bad = "edu,2,attendance,yesterday,L1,,here,2h"
    summary = take(table(HEADER, *rows(1), bad, *rows(3)))
    assert (summary.accepted, summary.rejected, summary.reasons) == (2, 1, {"not_a_time": 1})
    assert sorted(told(summary)) == [
        ("row 3", "row 3, column hours", "wrong type"),
        ("row 3", "row 3, column status", "not allowed"),
        ("row 3", "row 3, column student", "missing field"),
        ("row 3", "row 3, column time", "not a time"),
    ]
    assert log.rejections == summary.rejections


def test_an_unknown_student_is_named_by_row_and_column_and_can_be_retried(take, people, intake):
    people.known = {"student": {"S1"}}
    summary = take(table(HEADER, *rows(1, 2)))
    assert told(summary) == [("row 3", "row 3, column student", "'S2' is not a known student")]
    assert summary.reasons == {"unknown_student": 1}
    people.known = {}
    assert intake.take(summary.rejections[0].raw, "retry").accepted == 1


def test_rows_without_id_are_duplicates_the_second_time_whatever_the_order_of_columns(take):
    first = table(
        "time,lesson,student,status", "2026-09-07T00:00:00Z,L1,S1,absent", "2026-09-07T00:00:00Z,L1,S2,absent"
    )
    second = table("student,time,status,lesson", "S2,2026-09-07T00:00:00Z,absent,L1")
    assert take(first, options=ATTENDANCE).accepted == 2
    assert take(second, options=ATTENDANCE).duplicate == 1


def test_times_without_zone_are_refused_unless_their_zone_is_given(take, log):
    content = table("time,lesson,student,status", "2026-09-07 08:00,L1,S1,absent")
    assert told(take(content, options=ATTENDANCE)) == [("row 2", "row 2, column time", "time without zone")]
    zoned = TableOptions(kind="attendance", source="edu", time_zone=ZoneInfo("Asia/Shanghai"))
    assert take(content, options=zoned).accepted == 1
    assert log.events[0].time.isoformat() == "2026-09-07T00:00:00+00:00"


BAD_HEADERS = {
    "an unknown column": ("time,lesson,student,statsu", "row 1, column statsu", "unknown column: 'statsu'", "status"),
    "a missing time": ("lesson,student,status", "row 1", "missing column: time", "a column time"),
    "a column twice": ("time,lesson,student,status,lesson", "row 1, column lesson", "duplicate column: lesson", "once"),
    "two names of one column": (
        "time,occurred_at,lesson,student,status",
        "row 1, column time",
        "duplicate column",
        "once",
    ),
}


@pytest.mark.parametrize("case", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_a_bad_header_is_told_once_and_no_row_is_taken(case, take, log):
    header, where, what, expected = case
    summary = take(table(header, "a,b,c,d,e"), options=ATTENDANCE)
    ((problem,),) = (rejection.reasons for rejection in summary.rejections)
    assert problem.where == where
    assert str(problem.what).startswith(what)
    assert expected in str(problem.expected)
    assert log.events == []


def test_a_revision_needs_an_id_where_the_kind_has_no_key_of_its_own(take, log):
    report = "time,revision,source_name,from,to,accepted"
    summary = take(table(report, "a,b,c,d,e,f"), options=TableOptions(kind="source_report", source="edu"))
    assert told(summary) == [("row 1", "row 1, column revision", "missing column")]
    row = "2026-09-07T08:00:00+08:00,2,L1,S1,absent"
    assert take(table("time,revision,lesson,student,status", row), options=ATTENDANCE).accepted == 1
    assert [(event.id, event.revision) for event in log.events] == [("attendance/L1/S1", 2)]


def test_kind_and_source_must_come_from_somewhere(take):
    assert [where for _, where, _ in told(take(table("time,lesson,student,status")))] == ["row 1", "row 1"]


@pytest.mark.parametrize("row", ["edu,2,attendance", ROW.format(2, 2) + ",surplus"], ids=["too short", "too long"])
def test_a_row_of_another_length_than_the_header_is_refused(row, take):
    summary = take(table(HEADER, *rows(1), row, *rows(3)))
    assert summary.accepted == 2
    assert told(summary) == [("row 3", "row", "wrong length")]


@pytest.mark.parametrize("delimiter", [";", "\t"], ids=["semicolon", "tab"])
def test_other_delimiters_are_recognised(delimiter, take):
    assert take(table(HEADER, *rows(1, 2)).replace(b",", delimiter.encode())).accepted == 2


def test_a_cell_may_hold_line_breaks_and_rows_are_counted_as_a_spreadsheet_does(take, log):
    header = "time,period,course,teacher,student,overall,comment"
    first = '2026-09-07T00:00:00Z,2026-08,C,T,S,good,"one\ntwo, ""three"""'
    options = TableOptions(kind="assessment", source="edu")
    summary = take(table(header, first, "2026-09-07T00:00:00Z,2026-08,C,T,S,best,"), options=options)
    assert log.events[0].data["comment"] == 'one\ntwo, "three"'
    assert told(summary) == [("row 3", "row 3, column overall", "not allowed")]


@pytest.mark.parametrize("last", [3, 5000], ids=["near the end", "far from the end"])
def test_a_quote_that_never_closes_costs_one_row(last, take):
    broken = 'edu,2,attendance,2026-09-07T00:00:00Z,"L1,S2,absent,2'
    summary = take(table(HEADER, *rows(1), broken, *rows(*range(3, last + 1))))
    assert summary.accepted == last - 1
    assert [(position, what) for position, _, what in told(summary)] == [("row 3", "not CSV")]
    assert summary.rejections[0].raw == broken.encode()


def chinese(encoding):
    text = "time,lesson,student,status\r\n2026-09-07T00:00:00Z,护理一班第三次课,学生甲,absent\r\n"
    return text.encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_chinese_tables_are_read_in_the_encodings_that_spreadsheets_write(encoding, take, log):
    assert take(chinese(encoding), options=ATTENDANCE).accepted == 1
    assert log.events[0].data["student"] == "学生甲"


def test_gb18030_is_recognised_however_late_it_comes(take, log):
    late = [f"2026-09-07T00:00:00Z,L{number},S,absent" for number in range(5000)]
    content = table("time,lesson,student,status", *late) + "2026-09-07T00:00:00Z,护理一班,学生甲,absent".encode(
        "gb18030"
    )
    assert take(content, options=ATTENDANCE).accepted == 5001
    assert log.events[-1].data["lesson"] == "护理一班"


def test_one_line_in_another_encoding_does_not_change_the_others(take, log):
    lines = [chinese("utf-8").rstrip(), "2026-09-07T00:00:00Z,课,乙,absent".encode("gb18030"), b""]
    summary = take(b"\r\n".join(lines), options=ATTENDANCE)
    assert (summary.accepted, [position for position, _, _ in told(summary)]) == (1, ["row 3"])
    assert log.events[0].data["student"] == "学生甲"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_a_mark_and_without(take, log, encoding):
    assert take(chinese(encoding), options=ATTENDANCE).accepted == 1
    assert log.events[0].data["student"] == "学生甲"


def test_a_workbook_is_one_line_that_says_what_to_do(take, log):
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    for raw in (file.getvalue(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"<html><table><tr><td>1</table>"):
        summary = take(raw, options=ATTENDANCE)
        (rejection,) = summary.rejections
        (reason,) = rejection.reasons
        assert str(reason.what).startswith("is a workbook")
        assert "CSV UTF-8" in str(reason.expected)
        assert rejection.raw in ("", b"")


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=;,,,"])
def test_the_line_in_which_excel_is_told_the_separator_is_no_row(take, line):
    text = chinese("utf-8").decode().replace(",", ";")
    assert take(f"{line}\r\n{text}".encode(), options=ATTENDANCE).accepted == 1


def ndjson(attendance, *numbers):
    return b"".join(json.dumps(attendance(id=str(n))).encode() + b"\n" for n in numbers)


def test_ndjson_is_taken_line_by_line_with_arrays_and_blank_lines(take, attendance):
    packed = json.dumps([attendance(id="2"), attendance(id="3"), 5]).encode()
    content = ndjson(attendance, 1) + b"\r\n" + packed + b"\r\nnonsense\r\n" + ndjson(attendance, 4)
    summary = take(content, "sent.ndjson")
    assert summary.accepted == 4
    assert [r.position for r in summary.rejections] == ["line 3, event 3", "line 4"]


def test_ndjson_in_gb18030_is_read(take, log, attendance):
    line = json.dumps(attendance({"lesson": "护理"}), ensure_ascii=False).encode("gb18030")
    assert take(line, "sent.json").accepted == 1
    assert log.events[0].data["lesson"] == "护理"


@pytest.mark.parametrize("name", ["unnamed", "unnamed.txt"])
def test_a_file_with_another_name_is_known_by_its_beginning(name, take, attendance):
    assert take(ndjson(attendance, 1), name).accepted == 1
    assert take(table(HEADER, *rows(2)), name).accepted == 1


def test_the_last_line_of_a_truncated_ndjson_file_is_kept(take, attendance):
    content = ndjson(attendance, 1, 2)[:-20]
    summary = take(content, "sent.jsonl")
    assert summary.accepted == 1
    assert told(summary) == [("line 2", "message", "cut off")]


def test_of_a_truncated_gzip_everything_before_the_break_is_taken_and_the_row_is_named(take, intake):
    whole = gzip.compress(table(HEADER, *rows(*range(3000))))
    summary = take(whole[: len(whole) * 2 // 3], "sent.csv.gz")
    assert 500 < summary.accepted < 3000
    assert told(summary) == [(f"row {summary.accepted + 2}", "file", "cut off")]
    again = take(whole, "sent.csv.gz")
    assert (again.accepted, again.duplicate, again.rejected) == (3000 - summary.accepted, summary.accepted, 0)


def test_a_damaged_gzip_is_read_up_to_the_damage(take, attendance):
    whole = bytearray(gzip.compress(ndjson(attendance, *range(20_000))))
    whole[len(whole) // 2] ^= 0xFF
    summary = take(bytes(whole), "sent.ndjson.gz")
    assert summary.accepted > 0
    assert {where for _, where, _ in told(summary)} >= {"file"}


def test_a_line_of_ten_megabytes_stops_nothing_and_its_beginning_is_kept(take, attendance):
    long = b'{"x": "' + b"y" * 10_000_000 + b'"}\n'
    summary = take(ndjson(attendance, 1) + long + ndjson(attendance, 2), "sent.ndjson")
    assert summary.accepted == 2
    (rejection,) = summary.rejections
    assert (rejection.position, str(rejection.reasons[0].what)) == ("line 2", "too large: 9.5 MiB")
    assert rejection.raw == long[: 1 << 20]


def test_a_line_without_end_does_not_fill_the_memory(take):
    content = gzip.compress(b"time,lesson\n" + b"y" * 60_000_000)
    tracemalloc.start()
    try:
        summary = take(content, "sent.csv.gz", ATTENDANCE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [position for position, _, what in told(summary) if what == "too large"] == ["row 2"]
    assert peak < 12_000_000


def test_a_file_that_is_not_there_does_not_stop_the_others(tmp_path, intake):
    there = tmp_path / "b.csv"
    there.write_bytes(table(HEADER, *rows(1)))
    summary = ingest_files([tmp_path / "a.csv", there], intake)
    assert (summary.accepted, told(summary)) == (1, [("file", "file", "unreadable")])


def test_progress_adds_up_to_the_size_of_the_files(tmp_path, intake):
    path = tmp_path / "a.csv"
    path.write_bytes(table(HEADER, *rows(*range(10_000))))
    steps = []
    ingest_files([path, path], intake, steps.append)
    assert sum(steps) == 2 * path.stat().st_size
    assert len(steps) > 4


def test_the_summary_shows_a_thousand_rejections_and_counts_all(take, log):
    summary = take(b"nonsense\n" * 2500, "sent.ndjson")
    assert (summary.rejected, len(summary.rejections), len(log.rejections)) == (2500, 1000, 2500)
    assert summary.reasons == {"not_json": 2500}


ODD_TIMES = {
    "minutes": "2026-09-07 08:00",
    "slashes and one digit": "2026/9/7 8:00",
    "seconds": "2026-09-07 08:00:00",
    "Chinese": "2026年9月7日 8:00",
    "half a day": "2026-09-07 上午8:00",
    "minutes with their zone": "2026-09-07T08:00+08:00",
    "midnight at the end of a day": "2026-09-06 24:00",
}
SHANGHAI = TableOptions(kind="attendance", source="edu", time_zone=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize("case", ODD_TIMES)
def test_times_of_spreadsheets_are_of_the_zone_that_is_said(take, log, case):
    content = table("time,lesson,student,status", f"{ODD_TIMES[case]},L1,S1,absent")
    assert take(content, options=SHANGHAI).accepted == 1
    day, hour = ("06", "16") if "24:00" in ODD_TIMES[case] else ("07", "00")
    assert log.events[0].time.isoformat() == f"2026-09-{day}T{hour}:00:00+00:00"


@pytest.mark.parametrize("text", ["9-7 8:00", "2026-09-07", "08:00", "soon", "2026/13/7 8:00"])
def test_what_is_no_instant_is_refused_whatever_zone_is_said(take, text):
    content = table("time,lesson,student,status", f"{text},L1,S1,absent")
    assert take(content, options=SHANGHAI).rejected == 1


@pytest.mark.parametrize("written", ["2026-09-07 08:00", "2026/9/7 8:00", "2026-09-07T08:00:00"])
def test_the_hint_for_a_time_without_zone_is_itself_taken(take, written):
    (refused,) = take(table("time,lesson,student,status", f"{written},L1,S1,absent"), options=ATTENDANCE).rejections
    hint = re.search(r"such as ([^;]+);", str(refused.reasons[0].expected))[1]
    assert hint == "2026-09-07T08:00:00+08:00"
    assert take(table("time,lesson,student,status", f"{hint},L1,S1,absent"), options=ATTENDANCE).accepted == 1


def test_the_zone_counts_for_the_times_of_json_as_well(take, log):
    event = {
        "specversion": "1.0", "id": "1", "source": "s", "type": "attendance", "time": "2026/9/7 8:00",
        "data": {"lesson": "L1", "student": "S1", "status": "absent"},
    }  # fmt: skip
    content = (
        json.dumps(event).encode() + b"\n" + json.dumps([event | {"id": "2", "time": "2026-09-07 08:30"}]).encode()
    )
    assert take(content, name="a.ndjson", options=SHANGHAI).accepted == 2
    assert [one.time.hour for one in log.events] == [0, 0]


def test_an_archive_of_files_of_events_is_each_of_them(take):
    rows = table("time,lesson,student,status", "2026-09-07T00:00:00Z,L1,S1,absent", "soon,L1,S2,absent")
    summary = take(zipped(**{"a.csv": rows, "b/c.csv.gz": gzip.compress(rows)}), name="all.zip", options=ATTENDANCE)
    assert (summary.accepted, summary.duplicate, summary.rejected) == (1, 1, 2)
    assert [one.origin for one in summary.rejections] == ["all.zip, a.csv", "all.zip, b/c.csv.gz"]


@pytest.mark.parametrize("name", ["a.pdf", "xl/workbook.xml"])
def test_an_archive_of_anything_else_is_one_rejection(take, name):
    summary = take(zipped(**{name: b"x", "a.csv": b"time"}), name="a.zip", options=ATTENDANCE)
    assert (summary.accepted, [one.position for one in summary.rejections]) == (0, ["file"])


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    return file.getvalue()
