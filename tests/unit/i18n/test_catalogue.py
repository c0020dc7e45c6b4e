"""Every text that the code asks for is in each language, with the same parameters; and no other text is there."""

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import services
from services.errors import ConfigurationError, RuleError
from services.i18n import LANGUAGES, catalogue, in_chinese, render, say
from services.messages import Problem

SERVICES = Path(services.__file__).parent
FOLDER = SERVICES / "i18n" / "catalogue"
READERS = ("rules/language", "directory", "ingest")
"""Where people's input is read. Rule tests tell differences of figures, which need no words."""
NAMED = ("pages.", "terms.")
"""Areas whose texts are asked for by names that are put together; tests/unit/notify/test_texts.py has an eye on
the pages."""


@cache
def texts(language):
    """Id → text."""
    areas = sorted(path.stem for path in (FOLDER / language).glob("*.toml"))
    return {f"{area}.{name}": text for area in areas for name, text in catalogue(language, area).items()}


def parameters(text):
    """What a text is filled with; none where a brace stands for itself."""
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return set()


@cache
def trees():
    """Module → its syntax."""
    return {
        path.relative_to(SERVICES).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in sorted(SERVICES.rglob("*.py"))
    }


def asks(tree):
    """Whether a module asks for texts: others may have a function of that name."""
    return any(isinstance(node, ast.ImportFrom) and node.module == "services.i18n" for node in ast.walk(tree))


@cache
def calls():
    """(place, id, names of the parameters) of each text that is asked for by its id."""
    return [
        (f"{name}:{node.lineno}", node.args[0].value, {one.arg for one in node.keywords})
        for name, tree in trees().items()
        if asks(tree)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
        if [type(getattr(one, "value", None)) for one in node.args] == [str]
    ]


def said():
    """Every constant of the code: an id may stand in a table of ids too."""
    return {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_all_languages_have_the_same_texts():
    english = texts("en").keys()
    assert [(language, id_) for language in LANGUAGES for id_ in english ^ texts(language).keys()] == []


def test_a_text_has_the_same_parameters_in_all_languages():
    asked = {id_: names for _, id_, names in calls()}
    assert [
        (id_, language)
        for language in LANGUAGES
        for id_, text in texts(language).items()
        if asked.get(id_, True) and parameters(text) != parameters(texts("en")[id_])
    ] == []


def test_each_text_that_is_asked_for_is_there_with_its_parameters():
    english, wrong = texts("en"), []
    for place, id_, names in calls():
        if id_ not in english or (names and names != parameters(english[id_])):
            wrong.append((place, id_))
    assert wrong == []


def test_no_text_is_there_that_nobody_asks_for():
    assert sorted(id_ for id_ in texts("en").keys() - said() if not id_.startswith(NAMED)) == []


def test_what_is_wrong_with_input_is_a_text_of_the_catalogue():
    """In the readers nothing is told in a sentence of the code's own."""
    plain = []
    for name, tree in trees().items():
        for node in ast.walk(tree) if name.startswith(READERS) else ():
            match node:
                case ast.Call(func=ast.Name(id="Problem")):
                    told = [one.value for one in node.keywords if one.arg == "what"]
                case ast.Call(func=ast.Attribute(attr="add" | "_problem" | "_refuse"), args=[_, what, *_]):
                    told = [what]
                case ast.Assign(targets=[ast.Name(id="what")], value=what):
                    told = [what]
                case _:
                    told = []
            plain += [f"{name}:{one.lineno}" for one in told if isinstance(one, ast.Constant | ast.JoinedStr)]
    assert plain == []


def test_a_language_that_is_no_english_is_written_in_its_own_letters():
    assert [
        id_ for id_, text in texts("zh").items() if text == texts("en")[id_] and re.search("[a-z]{4} [a-z]", text)
    ] == []


def test_a_parameter_that_is_a_text_is_said_in_the_same_language():
    lacks = say("rules.lacks", what=say("rules.rule"), name="by")
    assert (str(lacks), render(lacks, "zh"), in_chinese(lacks)) == ("a rule lacks by", "规则缺少 by", "规则缺少 by")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_no_catalogue_has_is_the_same_in_every_language(language):
    assert render("class_tutor", language) == "class_tutor"


def test_a_missing_text_or_parameter_is_an_error_of_the_program():
    with pytest.raises(KeyError):
        say("rules.nobody_wrote_this")
    with pytest.raises(KeyError):
        say("rules.unknown_role", name="x")


def test_a_refusal_reads_the_same_as_its_english():
    assert str(RuleError([Problem(where="a.yaml:1:1", what=say("rules.unknown_role", value="x"), expected="y")])) == (
        "a.yaml:1:1: unknown role x (expected: y)"
    )
    assert str(ConfigurationError("one", say("rules.holds_no_rule"))) == "one\nholds no rule"
