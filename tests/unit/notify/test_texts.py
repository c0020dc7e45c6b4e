import re
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

import services.web
from services.i18n import catalogue
from services.i18n.windows import window as as_words
from services.messages import Text
from services.notify import texts, wording
from services.notify.store.acts import Refusal
from services.notify.testing import CARD

SENT = texts.Sent("w-1", 1, "opened", "absence-streak", "red", possibly_duplicate=False)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3.0, "3"), (92.28, "92.28"), (92.284, "92.28"), (0.5, "0.5"), (-0.001, "0"), (1000, "1000"), (None, "—")],
)
def test_a_figure_is_written_as_a_person_writes_it(value, shown):
    assert texts.number(value) == shown


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{student} 旷课 {value} 次", "张伟 旷课 3 次"),
        ("{nobody_knows} {value:.1f}", " 3"),
        ("{} {0} {student.__class__} 100%", "{}  张伟 100%"),
        ("{ { }", "{ { }"),
        ("{student}[（{place}）]", "张伟"),
        ("{student}[ ({value} of {place})]: {value}", "张伟: 3"),
        ("{student}[（{value}）] [1]", "张伟（3） [1]"),
        ("{student}（{place}）旷课“{place}”", "张伟旷课"),
    ],
)
def test_a_message_is_filled_in_and_never_breaks(template, shown):
    assert texts.fill(template, {"student": "张伟", "value": "3"}) == shown


def test_a_name_with_braces_or_brackets_is_shown_as_it_is():
    assert texts.fill("{student}[ {place}]", {"student": "[{value}]", "place": "[x]"}) == "[{value}] [x]"


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (0.4, "不到 1 分钟", "less than a minute"),
        (1, "1 分钟", "1 minute"),
        (30, "30 分钟", "30 minutes"),
        (60, "1 小时", "1 hour"),
        (200, "3 小时 20 分钟", "3 hours 20 minutes"),
        (1440, "1 天", "1 day"),
        (4560, "3 天 4 小时", "3 days 4 hours"),
        (20160, "14 天", "14 days"),
        (20999, "14 天", "14 days"),
    ],
)
def test_a_duration_is_in_the_units_that_fit(minutes, zh, en):
    assert (wording.duration(minutes, "zh"), wording.duration(minutes, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "threshold", "shown"),
    [
        (94.9967, 95, ("94.997", "95")),
        (92.284, 95, ("92.28", "95")),
        (95.0, 95, ("95", "95")),
        (19.999999, 20, ("19.999999", "20")),
        (None, None, ("—", "—")),
    ],
)
def test_figures_that_differ_are_shown_to_differ(value, threshold, shown):
    assert wording.figures(value, threshold) == shown


@pytest.mark.parametrize(
    ("value", "threshold", "shown"),
    [
        (15.57, 10, ("16", "10")),
        (10.3, 10, ("10.3", "10")),
        (10.04, 10, ("10.04", "10")),
        (9.7, 10, ("9.7", "10")),
        (9.4, 10, ("9", "10")),
        (15.57, 15.6, ("15.57", "15.6")),
        (100.2, 7.5, ("100", "7.5")),
        (10, 10, ("10", "10")),
        (20, None, ("20", "—")),
    ],
)
def test_a_forecast_is_told_in_whole_numbers_unless_that_makes_it_its_threshold(value, threshold, shown):
    assert wording.figures(value, threshold, estimated=True) == shown


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("change", ["opened", "raised", "resolved", "withdrawn"])
def test_a_push_has_kind_level_and_link_and_nothing_about_anybody(language, change):
    message = texts.push(SENT._replace(change=change), CARD, "http://campus", "key", language)
    assert texts.of(CARD.title, language) in message.title
    assert texts.of(texts.LEVEL_WORDS["red"], language) in message.title
    assert "http://campus/warnings/w-1" in message.body
    assert not re.search(r"S1|MATH|张伟|\{", message.title + message.body)
    assert set(message.extras) == {"warning", "sequence", "change", "level", "link", "possibly_duplicate"}


@pytest.mark.parametrize("change", ["resolved", "withdrawn"])
@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("left", ("已离校", "has left")),
        ("graduated", ("毕业", "Graduated")),
        ("term_ended", ("学期", "term has ended")),
    ],
)
def test_an_end_says_why_if_that_is_not_in_the_records(change, reason, said):
    for language, words in zip(("zh", "en"), said, strict=True):
        body = texts.push(SENT._replace(change=change, reason=reason), CARD, "http://campus", "key", language).body
        assert words in body
        assert "更正" not in body
        assert "corrected" not in body
    opened = texts.push(SENT._replace(change="opened", reason=reason), CARD, "http://campus", "key", "en").body
    assert said[1] not in opened


@pytest.mark.parametrize(("language", "mark"), [("zh", "可能重复"), ("en", "may be a repeat")])
def test_a_possible_repeat_says_so(language, mark):
    message = texts.push(SENT._replace(possibly_duplicate=True), CARD, "http://campus", "key", language)
    assert mark in message.title
    assert mark in message.body
    assert message.extras["possibly_duplicate"] is True


PAGES = catalogue("en", "pages")


_COMPOSED = (
    "referral_refuse_",
    "referral_take_back_",
    "person_", "refused_", "own_", "report_", "failed_", "password_", "inbox_show_", "inbox_state_", "queue_",
    "test_fault_", "test_state_",
)  # fmt: skip


def test_every_string_is_shown_somewhere():
    package = Path(services.web.__file__).parent
    paths = [path for form in ("html", "py", "js") for path in package.rglob(f"*.{form}")]
    shown = "".join(path.read_text("utf-8") for path in paths)
    composed = {
        "empty_open",
        "empty_closed",
        "empty_results",
        "inbox_taken_me",
        "inbox_handed_me",
        "over_resolved",
        "over_withdrawn",
        "lesson_now",
        "lesson_next",
        "lesson_cancelled",
        "lesson_moved",
        "lesson_closed_day",
    }
    put_together = tuple(filter(None, chain(*re.findall(r"'([a-z_]+_)' ~|f[\"']([a-z_]+_)\{", shown))))
    seen = {*re.findall(r"['\"](\w+)(?=['\"])", shown)}
    unused = [key for key in PAGES if key not in seen | composed and not key.startswith(_COMPOSED + put_together)]
    assert unused == []


@pytest.mark.parametrize(
    ("window", "zh", "en"),
    [
        ("all", "全部记录", "all records"),
        ("last 10", "最近 10 条", "the last 10 records"),
        ("within 14d", "近 14 天", "the last 14 days"),
        ("calendar term", "本学期", "this term"),
        ("of a kind that comes later", "of a kind that comes later", "of a kind that comes later"),
    ],
)
def test_a_window_is_shown_in_words(window, zh, en):
    assert as_words(window) == Text(zh, en)


def test_every_refusal_has_its_words():
    told = {"not_found": "not_found_more", "not_open": "not_open_more", "same_verdict": None}
    missing = [one for one in get_args(Refusal) if told.get(one, f"refused_{one}") not in {*PAGES, None}]
    assert missing == []
