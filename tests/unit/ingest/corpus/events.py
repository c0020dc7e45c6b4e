"""Events as JSON: what is no JSON, what is too much of it, and what it may mean twice."""

import json
import zipfile
from io import BytesIO

from tests.unit.ingest.corpus.cases import AT, Case
from tests.unit.tabular.made import zipped


def event(student: str = "s1", status: str = "absent", **more: object) -> str:
    """One line."""
    data = {"lesson": "L1", "student": student, "status": status}
    whole = {
        "specversion": "1.0",
        "source": "app",
        "id": f"i-{student}",
        "type": "attendance",
        "time": AT,
        "data": data,
    }
    return json.dumps(whole | more, ensure_ascii=False)


def lines(*texts: str) -> bytes:
    return "\n".join(texts).encode("utf-8", "surrogatepass")


ONE = ("s1 absent",)
BOTH = ("s1 absent", "s2 late")
TWO = lines(event(), event("s2", "late"))


def stored_with_a_password() -> bytes:
    raw = bytearray(zipped(a__ndjson=TWO))
    raw[6] |= 1
    at = raw.index(b"PK\x01\x02")
    raw[at + 8] |= 1
    return bytes(raw)


def of_two() -> bytes:
    """Two files of events in one archive, one of them in a folder, and what a Mac adds."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.ndjson", event())
        archive.writestr("week 2/b.ndjson", event("s2", "late"))
        archive.writestr("__MACOSX/._a.ndjson", b"\0\1")
    return file.getvalue()


TWICE = ("stands twice in one object",)


def case(raw, takes=(), refused=(), name="a.ndjson", **more) -> Case:
    return Case(name, raw, takes, refused, door="json", **more)


CASES = {
    "events, one a line": case(TWO, BOTH),
    "events in one array": case(lines(f"[{event()},{event('s2', 'late')}]"), BOTH),
    "an array over several lines": case(
        lines("[", f"{event()},", event("s2", "late"), "]"),
        ("s2 late",),
        ("cut off: the JSON ends", "trailing characters", "not JSON"),
    ),
    "an event over several lines": case(
        json.dumps(json.loads(event()), indent=1).encode(), (), ("cut off", *["not JSON: "] * 11)
    ),
    "events with a mark in front": case(b"\xef\xbb\xbf" + TWO, BOTH),
    "events in utf-16": case(TWO.decode().encode("utf-16"), BOTH),
    "events in gb18030": case(event(data={"lesson": "课", "student": "s1", "status": "absent"}).encode("gb18030"), ONE),
    "one key twice": case(
        lines(event().replace('"status": "absent"', '"status": "late", "status": "absent"')),
        (),
        TWICE,
    ),
    "one key twice in the envelope": case(
        lines(event().replace('"source": "app"', '"source": "a", "source": "app"')), (), TWICE
    ),
    "a key that is another one, escaped, twice": case(
        lines(event().replace('"status": "absent"', '"status": "late", "\\u0073tatus": "absent"')),
        (),
        TWICE,
    ),
    "nested 100,000 deep": case(lines("[" * 100_000 + "]" * 100_000, event()), ONE, ("nested too deeply",)),
    "nested 65 deep in a field": case(
        lines(event(data={"lesson": json.loads("[" * 65 + "]" * 65)}), event()), ONE, ("is nested too deeply",)
    ),
    "NaN": case(lines(event().replace('"absent"', "NaN")), (), ("not a number: NaN",)),
    "Infinity": case(
        lines(event(revision=0).replace('"revision": 0', '"revision": Infinity')), (), ("not a number: Infinity",)
    ),
    "a number of 400 digits": case(
        lines(event(revision=0).replace('"revision": 0', f'"revision": {"9" * 400}')), (), ("revision: too large",)
    ),
    "a revision in a text": case(lines(event(revision="1")), (), ("revision",)),
    "a revision below nothing": case(lines(event(revision=-1)), (), ("revision",)),
    "a half revision": case(lines(event(revision=0.5)), (), ("revision",)),
    "numbers for texts": case(lines(event(data={"lesson": 1, "student": "s1", "status": "absent"})), (), ("lesson",)),
    "a text for a number": case(
        lines(event(data={"lesson": "L1", "student": "s1", "status": "late", "minutes_late": "8"})),
        (),
        ("minutes_late",),
    ),
    "null for the data": case(lines(event(data=None)), (), ("missing field: data",)),
    "a list for the data": case(lines(event(data=[])), (), ("data",)),
    "a lone surrogate": case(lines(event().replace('"L1"', '"\\ud800"')), (), ("escaped utf-16 surrogate pair",)),
    "a lone surrogate, raw": case(lines(event(id="\ud800")), (), ("not UTF-8",)),
    "NUL in an id": case(lines(event(id="a\0b")), (), ("no control characters",)),
    "a letter that turns the line": case(lines(event(id="a\u202eb")), ONE),
    "an id of 300 letters": case(lines(event(id="x" * 300)), (), ("id",)),
    "an empty id": case(lines(event(id="")), (), ("id",)),
    "no source": case(lines(event(source=None)), (), ("source",)),
    "a kind that nobody knows": case(lines(event(type="attendence")), (), ("unknown kind: 'attendence'",)),
    "a kind of ours": case(lines(event(type="warning")), (), ("missing field: rule",)),
    "a field that nobody knows": case(
        lines(event(data={"lesson": "L1", "student": "s1", "status": "absent", "x": 1})), (), ("unknown field: 'x'",)
    ),
    "another specversion": case(lines(event(specversion="2.0")), (), ("specversion",)),
    "data in base64": case(lines(event(data=None, data_base64="e30=")), (), ("data",)),
    "a JSON text": case(lines('"hello"', event()), ONE, ("not an event",)),
    "a comment": case(lines("// events", event()), ONE, ("not JSON",)),
    "a comma behind each event": case(lines(event() + ",", event("s2", "late")), ("s2 late",), ("not JSON",)),
    "an empty array": case(lines("[]", event()), ONE),
    "half an event at the end": case(TWO[:-20], ONE, ("cut off: the JSON ends in the middle",)),
    "an array of 10,001 things": case(lines(f"[{','.join(['1'] * 10_001)}]", event()), ONE, ("at most 10000",)),
    "a page of HTML called .json": case(
        b"<html><body>Sign in</body></html>", (), ("is a workbook .*, not events",), name="a.json"
    ),
    "the same event twice": case(lines(event(), event()), ONE, passes="duplicate 重复 1"),
    "one id about two students": case(
        lines(event(), event(data={"lesson": "L1", "student": "s2", "status": "late"})), ONE, ("something else",)
    ),
    "a correction before what it corrects": case(lines(event(status="late", revision=1), event()), ("s1 late",)),
    "a retraction": case(lines(event(), event(revision=1, retracted=True))),
    "a retraction of what nobody said": case(lines(event(retracted=True, revision=1))),
    "a zip of files of events": case(of_two, BOTH, name="a.zip"),
    "a zip with a password": case(stored_with_a_password, name="a.zip", stops="is encrypted"),
}
