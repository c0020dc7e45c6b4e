"""Whatever stands in a rule folder, `check` says what is wrong with it; `load` raises `RuleError` and nothing else."""


import pytest

from services.errors import RuleError
from services.rules.language.load import load
from tests.harness import SCHEMAS

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
    "half a character": (b'rules: "\\ud800"\n', "1:8: an escape names half a character"),
    "half a character in a key": (b'rules: []\n"\\udfff": 1\n', "2:1: an escape names half a character"),
    "an escape beyond all characters": (b'rules: "\\UFFFFFFFF"\n', "1:1: not valid YAML: OverflowError"),
    "a version of 5,000 digits": (b"%YAML " + b"9" * 5000 + b".1\n---\n{}\n", "1:1: not valid YAML: ValueError"),
    "lists 100 deep": (b"rules: " + b"[" * 100 + b"]" * 100, "1:47: nested too deeply"),
    "lists half a million deep": (b"rules: " + b"[" * 500_000, "1:47: nested too deeply"),
    "mappings 100 deep": (b"{a: " * 100 + b"1" + b"}" * 100, "1:161: nested too deeply"),
    "a number of 5,000 digits": (b"rules: " + b"9" * 5000, "1:8: a rule must be a mapping"),
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
