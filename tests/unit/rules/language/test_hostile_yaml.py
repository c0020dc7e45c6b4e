"""Whatever stands in a rule folder, `check` says what is wrong with it; `load` raises `RuleError` and nothing else."""

import pytest

from services.errors import RuleError
from services.rules.language.load import load
from tests.harness import SCHEMAS
from tests.rule_files import folder, rule

pytestmark = pytest.mark.properties

MIB = 1 << 20
HOSTILE = {
    "an anchor": (b"rules: &a []\n", "1:8: anchors, aliases and tags are not allowed"),
    "an alias": (b"rules: [1]\nmore: *a\n", "2:7: anchors, aliases and tags are not allowed"),
    "a billion laughs": (
        b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(30)),
        "1:4: anchors, aliases and tags are not allowed",
    ),
    "a Python object": (b"rules: !!python/object:os.system {}\n", "1:8: anchors, aliases and tags are not allowed"),
    "a call of Python": (b"rules: !!python/object/apply:os.system [true]\n", "1:8: anchors, aliases and tags"),
    "a tag on an empty number": (b'rules: !!int ""\n', "1:8: anchors, aliases and tags are not allowed"),
    "a tag on what is no day": (b"rules: !!timestamp x\n", "1:8: anchors, aliases and tags are not allowed"),
    "a tag on what is no boolean": (b"rules: !!bool x\n", "1:8: anchors, aliases and tags are not allowed"),
    "a duplicate key": (b"rules: []\nrules: []\n", "2:1: duplicate key rules"),
    "a tab for indentation": (b"rules:\n\t- id: x\n", "2:1: not valid YAML: found character '\\t'"),
    "more than a mebibyte": (b"rules: []\n" + b"# " * MIB, "1:1: 2,097,162 bytes are too many"),
    "another encoding": ("rules: [\u65f7]\n".encode("gbk"), "1:1: is not UTF-8 (byte 8)"),
    "binary": (bytes(range(256)), "1:1: is not UTF-8 (byte 128)"),
    "a null byte": (b"rules: \x00\n", "1:1: not valid YAML: ReaderError"),
    "nothing": (b"", "1:1: a rule file must be a mapping"),
    "only a comment": (b"# rules\n", "1:1: a rule file must be a mapping"),
    "a list at the top": (b"- id: x\n", "1:1: a rule file must be a mapping"),
    "a word at the top": (b"rules\n", "1:1: a rule file must be a mapping"),
    "a key that is a list": (b"? [a, b]\n: 1\nrules: []\n", "1:3: a key must be a word"),
    "a key that is a mapping": (b"{{a: b}: 1, rules: []}\n", "1:2: a key must be a word"),
    "an empty key": (b"'': 1\nrules: []\n", "1:1: a key must be a word"),
    "two documents": (b"rules: []\n---\nrules: []\n", "2:1: not valid YAML: but found another document"),
    "half a character": (b'rules: "\\ud800"\n', "1:8: character 1 is U+D800"),
    "half a character in a key": (b'rules: []\n"\\udfff": 1\n', "2:1: character 1 is U+DFFF"),
    "an escape beyond all characters": (b'rules: "\\UFFFFFFFF"\n', "1:1: not valid YAML: OverflowError"),
    "a version of 5,000 digits": (b"%YAML " + b"9" * 5000 + b".1\n---\n{}\n", "1:1: not valid YAML: ValueError"),
    "lists 100 deep": (b"rules: " + b"[" * 100 + b"]" * 100, "1:47: nested too deeply"),
    "lists half a million deep": (b"rules: " + b"[" * 500_000, "1:47: nested too deeply"),
    "mappings 100 deep": (b"{a: " * 100 + b"1" + b"}" * 100, "1:161: nested too deeply"),
    "a number of 4,000 digits": (b"rules: " + b"9" * 4000, "1:8: a rule must be a mapping"),
    "a number of 4,001 digits": (b"rules: " + b"9" * 4001, "1:8: is too long: 4001 characters"),
    "a number of 400 groups of sixty": (b"rules: 1" + b":59" * 400 + b".5", "1:8: a rule must be a mapping"),
    "a month 99": (b"rules: 2026-99-99\n", "1:8: a rule must be a mapping"),
    "a merge key": (b"<<: {rules: []}\n", "1:5: unknown field << in a rule file"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_its_place(tmp_path, content, message):
    (tmp_path / "bad.yaml").write_bytes(content)
    with pytest.raises(RuleError) as raised:
        load(tmp_path, SCHEMAS)
    assert str(raised.value).startswith(f"bad.yaml:{message}"), str(raised.value)


NINES = "9" * 400
NUMBERS = {
    "a threshold that is not a number": ({"levels": "{at_least: {yellow: .nan}}"}, "rules.yaml:7:33: yellow .nan"),
    "an infinite threshold": ({"levels": "{at_least: {yellow: -.inf}}"}, "rules.yaml:7:33: yellow -.inf"),
    "a threshold of 400 digits": ({"levels": f"{{at_least: {{yellow: {NINES}}}}}"}, "rules.yaml:7:33: yellow 9999"),
    "two thresholds of 400 digits": (
        {"levels": f"{{at_least: {{yellow: {NINES}, red: {NINES}1}}}}"}, "rules.yaml:7:33: yellow 9999"
    ),
    "a threshold of 3,000 hexadecimal digits": (
        {"levels": "{at_least: {yellow: 0x" + "f" * 3000 + "}}"}, "rules.yaml:7:33: yellow 0xffff"
    ),
    "a threshold of 10^400 days": (
        {"levels": f"{{at_least: {{yellow: {NINES}d}}}}"}, "rules.yaml:7:33: yellow must be"
    ),
    "a window of 3,000 digits of days": (
        {"window": "{within: " + "9" * 3000 + "d}"}, "rules.yaml:10:22: 9999"
    ),
    "a window of 10^400 records": ({"window": f"{{last: {NINES}}}"}, "rules.yaml:10:20: 9999"),
    "an infinite window": ({"window": "{last: .inf}"}, "rules.yaml:10:20: .inf is not a size for last"),
    "10^3600 records at least": (
        {"measure": "{share: 'hours > 0', min_records: 0x" + "f" * 3000 + "}"}, "rules.yaml:6:48: min_records must be"
    ),
    "an escalation after 10^400 days": (
        {"notify": "{to: class_tutor, escalate: [{after: " + NINES + "d, to: counsellor}]}"},
        "rules.yaml:8:50: 9999",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("more", "message"), NUMBERS.values(), ids=NUMBERS)
def test_a_number_that_nothing_can_work_with_is_refused(tmp_path, more, message):
    with pytest.raises(RuleError) as raised:
        load(folder(tmp_path, rule(**more)), SCHEMAS)
    assert str(raised.value).startswith(message), str(raised.value)[:200]


CALENDARS = {
    "a term without end": ("terms: [{id: a, from: 2026-09-01, to: 9999-12-31}]", "2:39: the year 9999 is not"),
    "a term from year 1": ("terms: [{id: a, from: 0001-01-01, to: 2026-09-01}]", "2:23: the year 1 is not"),
    "a school year that starts on day 10^3000": (
        "school_year_starts: " + "9" * 3000 + "-01", "2:21: 9999"
    ),
    "two terms at once": (
        "terms:\n  - {id: b, from: 2026-03-01, to: 2026-03-31}\n  - {id: a, from: 2026-01-01, to: 2026-12-31}\n",
        "3:5: the term begins on 2026-03-01, before the one before it ends",
    ),
    "two terms that share a day": (
        "terms:\n  - {id: a, from: 2026-01-01, to: 2026-03-01}\n  - {id: b, from: 2026-03-01, to: 2026-03-31}\n",
        "4:5: the term begins on 2026-03-01, before the one before it ends",
    ),
    "a time zone that is a path": ("time_zone: ../../etc/passwd", "1:12: unknown time zone"),
    "a time zone that is a folder": ("time_zone: Asia", "1:12: unknown time zone Asia"),
    "a time zone with a null byte": ('time_zone: "a\\0b"', "1:12: character 2 is U+0000, which no text may hold"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), CALENDARS.values(), ids=CALENDARS)
def test_a_calendar_that_cannot_be_is_refused(tmp_path, content, message):
    zone = "" if content.startswith("time_zone") else "time_zone: Asia/Shanghai\n"
    with pytest.raises(RuleError) as raised:
        load(folder(tmp_path, rule(), calendar=zone + content), SCHEMAS)
    assert str(raised.value).startswith(f"calendar.yaml:{message}"), str(raised.value)[:200]


def test_terms_may_follow_each_other_without_a_gap_and_stand_in_any_order(tmp_path):
    terms = "terms:\n  - {id: b, from: 2026-03-01, to: 2026-03-31}\n  - {id: a, from: 2026-01-01, to: 2026-02-28}\n"
    load(folder(tmp_path, rule(), calendar="time_zone: Asia/Shanghai\n" + terms), SCHEMAS)
