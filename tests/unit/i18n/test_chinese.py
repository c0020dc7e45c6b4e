"""Every text about bad input has a Chinese one, and the catalogue holds nothing that no code says."""

import ast
import re
from pathlib import Path

import pytest
import yaml

import services
from services.errors import ConfigurationError, RuleError
from services.i18n import chinese
from services.messages import Problem
from tests.unit.rules.language.test_bad_files import BAD

SERVICES = Path(services.__file__).parent
READERS = ("rules/language", "directory", "ingest")
"""Where people's input is read. Rule tests tell differences of figures, which need no words."""
CATALOGUE = yaml.safe_load((SERVICES / "i18n" / "chinese.yaml").read_text("utf-8"))
SLOT = re.compile(r"\{[a-e]\}")


def sources(*folders):
    for folder in folders:
        yield from (ast.parse(path.read_text("utf-8")) for path in sorted((SERVICES / folder).rglob("*.py")))


def template(node):
    """A text of the source, with one word for each value that it fills in; None if it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "x1" for part in node.values)
    return None


def what_is_wrong(tree):
    """The texts for `what` of a problem, where they stand in the call or in a name `what` before it."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Problem")):
                yield from (template(one.value) for one in node.keywords if one.arg == "what")
            case ast.Call(func=ast.Attribute(attr="add" | "_problem" | "_refuse"), args=[_, text, *_]):
                yield template(text)
            case ast.Assign(targets=[ast.Name(id="what")], value=text):
                yield template(text)


def test_each_text_about_bad_input_has_a_chinese_one():
    texts = {text for tree in sources(*READERS) for text in what_is_wrong(tree) if text and " " in text}
    assert len(texts) > 150
    assert sorted(text for text in texts if chinese.of_text(text) is None) == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_rule_file_is_explained_in_chinese(path):
    said = path.read_text("utf-8").splitlines()[0].split(": ", 2)[2]
    assert re.search("[一-龥]", chinese.of_text(said.partition(" (expected: ")[0]) or "")


def test_nothing_in_the_catalogue_is_stale():
    texts = {text for tree in sources(".") for node in ast.walk(tree) if (text := template(node)) and len(text) > 3}
    said = "\n".join(texts)
    shapes = [re.compile(re.escape(text).replace("x1", ".+?")) for text in texts if re.search("[a-z]{2}.*x1", text)]
    stale = [
        entry for entry in CATALOGUE
        if not all(piece.strip(" :") in said for piece in SLOT.split(entry))
        and not any(shape.fullmatch(entry) for shape in shapes)
    ]  # fmt: skip
    assert stale == []


def test_a_translation_has_the_slots_of_its_text():
    assert [
        english for english, chinese_ in CATALOGUE.items()
        if sorted(SLOT.findall(english)) != sorted(SLOT.findall(chinese_))
    ] == []  # fmt: skip


def test_what_fills_a_slot_is_translated_only_where_it_is_a_text_itself():
    assert chinese.of_text("a rule lacks by") == "规则缺少 by"
    assert chinese.of_text("unknown role class_tuter") == "没有职责 class_tuter"
    assert chinese.of_text("nobody wrote this") is None


def test_errors_are_told_in_both_languages_with_the_place_once(capsys):
    chinese.tell_error(
        RuleError(
            [
                Problem(where="a.yaml:9:18", what="unknown role class_tuter", expected="class_tutor"),
                Problem(where="b.yaml:1:1", what="nobody wrote this"),
            ]
        )
    )
    chinese.tell_error(ConfigurationError("a setting 设置有误"))
    assert capsys.readouterr().err.splitlines() == [
        "a.yaml:9:18: unknown role class_tuter (expected: class_tutor)",
        "    没有职责 class_tuter（应为：class_tutor）",
        "b.yaml:1:1: nobody wrote this",
        "a setting 设置有误",
    ]
