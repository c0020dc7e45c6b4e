"""What is wrong is told in English and, below, in Chinese."""

from services.cli.telling import tell_error
from services.errors import ConfigurationError, RuleError
from services.i18n import say
from services.messages import Problem


def test_errors_are_told_in_both_languages_with_the_place_once(capsys):
    wrong = say("rules.unknown_role", value="class_tuter")
    tell_error(
        RuleError(
            [
                Problem(where="a.yaml:9:18", what=wrong, expected="class_tutor"),
                Problem(where="b.yaml:1:1", what="nobody wrote this"),
            ]
        )
    )
    tell_error(ConfigurationError("a setting 设置有误"))
    assert capsys.readouterr().err.splitlines() == [
        "a.yaml:9:18: unknown role class_tuter (expected: class_tutor)",
        "    没有职责 class_tuter（应为：class_tutor）",
        "b.yaml:1:1: nobody wrote this",
        "a setting 设置有误",
    ]
