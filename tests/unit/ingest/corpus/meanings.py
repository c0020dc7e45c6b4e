"""Tables of other systems, as CSV, whose cells may mean something else than they say."""

from tests.unit.ingest.corpus.cases import DAY, Case, text, theirs

ONE, BOTH = ("s1 absent",), ("s1 absent", "s2 late")
TWO = theirs(("s1", "旷课"), ("s2", "迟到"))


def case(rows, takes=(), refused=(), name="a.csv", **more) -> Case:
    raw = rows if isinstance(rows, bytes) else text(rows).encode()
    return Case(name, raw, takes, refused, door="mapped", **more)


def at(when, student="s1", status="旷课", lesson="L1"):
    return (when, lesson, student, status)


CASES = {
    "a table of another system": case(TWO, BOTH),
    "such a table in gb18030": case(text(TWO).encode("gb18030"), BOTH),
    "such a table in utf-16 with tabs": case(text(TWO, "\t").encode("utf-16"), BOTH, name="a.txt"),
    "columns in another order": case([["状态", "学号", "课次", "时间"], ["旷课", "s1", "L1", f"{DAY} 08:00"]], ONE),
    "a title above the header": case([["考勤表"], [], *TWO], BOTH),
    "the header again in the midst": case([*TWO[:2], TWO[0], TWO[2]], BOTH),
    "totals below": case([*TWO, ["合计", None, None, "2"], ["共 2 条"]], BOTH),
    "totals in English": case([*TWO, ["Total", None, None, "2"], ["Average:", 1]], BOTH),
    "notes below": case([*TWO, ["注：旷课以节计"], ["制表人：王丽"]], BOTH),
    "a header of two columns of one name": case(
        [["时间", "课次", "学号", "学号", "状态"], [f"{DAY} 08:00", "L1", "s1", "s2", "旷课"]],
        stops="学号 is there more than once",
    ),
    "a header without a column": case([row[:3] for row in TWO], stops="there is no column 状态"),
    "a header in full-width signs with stars": case([["＊时 间", "课次*", "学 号", "状态（必填）"], *TWO[1:]], BOTH),
    "no header": case(TWO[1:], stops="no row has these columns"),
    "a table of nothing": case(b"", stops="no row has these columns"),
    "a header alone": case(TWO[:1]),
    "half a row": case([*TWO, [f"{DAY} 08:00", "L1"]], BOTH, ("nothing there",)),
    "numbers for texts": case(theirs(("s1", 1)), (), ("1 is not known",)),
    "zeros that a spreadsheet ate": case(theirs(("12", "旷课")), ("0012 absent",)),
    "an id as a formula of text": case(theirs(('="0012"', "旷课")), ("0012 absent",)),
    "an id behind an apostrophe": case(theirs(("'0012", "旷课")), ("0012 absent",)),
    "an id behind a tab": case(theirs(("\t0012", "旷课")), ("0012 absent",)),
    "an id in full-width": case(theirs(("ｓ１", "旷课")), ONE),
    "an id as 2.60201E+11": case(theirs(("2.60201E+11", "旷课")), (), ("has lost digits",)),
    "an id with .0": case(theirs(("12.0", "旷课")), ("0012 absent",)),
    "a name for an id": case(theirs(("李娜", "旷课")), ONE),
    "a name spread by a full-width space": case(theirs(("李　娜", "旷课")), ONE),
    "a name that nobody has": case(theirs(("王五", "旷课")), (), ("no student is called 王五",)),
    "what nobody sees in an id": case(theirs(("s1\u200b\ufeff", "旷课")), ONE),
    "a status of two words": case(theirs(("s1", "迟到、早退")), (), ("迟到、早退",)),
    "a status as a sign": case(theirs(("s1", "×")), ONE),
    "an error of a spreadsheet, as text": case(theirs(("s1", "#N/A")), (), ("#N/A",)),
    "a day with slashes": case(theirs(at("2024/9/9 8:00")), ONE),
    "a day in Chinese": case(theirs(at("2024年9月9日 上午8:00")), ONE),
    "a day in English": case(theirs(at("9 Sep 2024 8:00 AM")), ONE),
    "a serial date with its time": case(theirs(at("45544.3333333")), ONE),
    "a serial date": case(theirs(at("45544")), (), ("45544 has no time of day",)),
    "a date of 1900": case(theirs(at("1900-01-00")), (), ("1900-01-00",)),
    "a day of which nobody knows which is the month": case(theirs(at("09/10/2024 08:00")), (), ("09/10/2024",)),
    "a time of 24:00": case(theirs(at("2024-09-08 24:00")), ONE),
    "a time of 25:00": case(theirs(at("2024-09-09 25:00")), (), ("25:00 is not a time",)),
    "a time with its zone": case(theirs(at("2024-09-09T00:00:00Z")), ONE),
    "a time in milliseconds since 1970": case(theirs(at("1725840000000")), ONE),
    "a day in the year of the Republic": case(theirs(at("113-09-09 08:00")), (), ("113-09-09 08:00 is not a time",)),
    "a day that is to come": case(theirs(at("2098-09-09 08:00")), (), ("in the future",)),
    "no time": case(theirs(at("")), (), ("no time",)),
    "a lesson that is a number": case(theirs(at(f"{DAY} 08:00", lesson="7")), ONE),
    "a line break in a cell": case(theirs(at(f"{DAY} 08:00", lesson='"L\n1"')), (), ("no control characters",)),
    "a cell of 300 letters": case(theirs(at(f"{DAY} 08:00", lesson="L" * 300)), (), ("at most 128 characters",)),
    "a page of HTML called .csv": case(
        "<table><tr><td>时间<td>课次<td>学号<td>状态<tr><td>2024-09-09 08:00<td>L1<td>s1<td>旷课</table>".encode(), ONE
    ),
    "a page of a sign-in": case(
        b"<html><body><form>Sign in</form></body></html>", stops="web page without a table", name="a.xls"
    ),
    "events in JSON, where a table was meant": case(b'{"specversion": "1.0"}\n', stops="no row has these columns"),
    "3,000 rows that are all wrong": case(theirs(*(("s1", "神游") for _ in range(3_000))), (), ("神游",) * 3_000),
}
