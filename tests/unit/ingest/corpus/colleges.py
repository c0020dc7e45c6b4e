"""Directories and timetables: one that is wrong must change nothing."""

from tests.unit.ingest.corpus.cases import Case
from tests.unit.tabular.made import book, zipped

PLAN = [
    ["班级", "课程", "教师", "星期", "节次", "周次", "教室"],
    ["软件2401", "高等数学", "王丽", "星期一", "1-2节", "1-16周", "A1"],
]
BELLS = [["节次", "上课时间", "下课时间"], *([f"第{n}节", f"{7 + n}:00", f"{7 + n}:45"] for n in range(1, 9))]


def bells(workbook):
    sheet = workbook.create_sheet("作息")
    for row in BELLS:
        sheet.append(row)


def plan(*rows):
    return lambda: book(PLAN[0], *rows, edit=bells)


def planned(*changes):
    """The row of the plan with cells changed: (place, cell)."""
    row = list(PLAN[1])
    for place, cell in changes:
        row[place] = cell
    return plan(row)


def people(rows, more=""):
    raw = {"people__csv": rows.encode() if isinstance(rows, str) else rows}
    return zipped(**raw, **({"students__csv": more.encode()} if more else {}))


def directory(raw, **more) -> Case:
    return Case(more.pop("name", "people.zip"), raw, door="directory", **more)


def timetable(raw, **more) -> Case:
    return Case(more.pop("name", "plan.xlsx"), raw, door="timetable", **more)


CASES = {
    "a directory of people": directory(people("id,name\n00012,王丽\n00013,李明\n"), passes="00013"),
    "people in gb18030": directory(people("id,name\n00012,王丽\n00013,李明\n".encode("gb18030")), passes="00013"),
    "people with one id twice": directory(people("id,name\n00012,王丽\n00012,李明\n"), stops="00012"),
    "people with a column twice": directory(people("id,name,name\n00012,王丽,李明\n"), stops="name"),
    "people with a column that nobody knows": directory(people("id,nmae\n00012,王丽\n"), stops="nmae"),
    "people without ids": directory(people("id,name\n,王丽\n"), stops="id"),
    "people with a control sign": directory(people("id,name\n00012,王\x07丽\n00013,a\n"), stops="control"),
    "people in rubbish": directory(people(b"\xff\xfe\xff\x00\xd8"), stops="."),
    "students of a class that there is not": directory(
        people("id,name\n00012,王丽\n", "id,name,class,from\ns1,a,k9,2024-09-01\n"), stops="the directory has none"
    ),
    "students with a day that there is not": directory(
        people("id,name\n00012,王丽\n", "id,name,class,from\ns1,a,k1,2024-02-30\n"), stops="2024-02-30"
    ),
    "students who leave before they come": directory(
        people("id,name\n00012,王丽\n", "id,name,class,from,to\ns1,a,k1,2024-09-01,2024-08-01\n"), stops="2024-08-01"
    ),
    "a directory that is a picture": directory(b"\x89PNG\r\n\x1a\n" + bytes(99), stops="."),
    "a directory whose zip is cut off": directory(people("id,name\n00012,王丽\n")[:-30], stops="damaged|zip"),
    "a timetable": timetable(planned(), passes="lessons 课次 16"),
    "a timetable of odd weeks": timetable(planned((5, "1-15周(单)")), passes="lessons 课次 8"),
    "a timetable of a class that there is not": timetable(planned((0, "软件2499")), stops="软件2499"),
    "a timetable of a course that there is not": timetable(planned((1, "炼金术")), stops="炼金术"),
    "a timetable of sections the other way round": timetable(planned((4, "2-1节")), stops="2-1"),
    "a timetable of section 99": timetable(planned((4, "99节")), stops="99"),
    "a timetable of week 99": timetable(planned((5, "99周")), stops="99|week"),
    "a timetable of weeks in words": timetable(planned((5, "每周")), stops="每周"),
    "a timetable of an eighth day of the week": timetable(planned((3, "星期八")), stops="星期八"),
    "a timetable with an error in a cell": timetable(planned((3, "#REF!")), stops="#REF!"),
    "a timetable of nothing": timetable(plan(), stops="lesson|no"),
    "a timetable twice in one file": timetable(plan(PLAN[1], PLAN[1]), passes="lessons 课次 16"),
    "a timetable with a password": timetable(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), stops="password"
    ),
}
