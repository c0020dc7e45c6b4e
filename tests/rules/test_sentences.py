"""Every rule × level × change × language of the default pack says true things plainly (tests/rules/sentences.py)."""

from pathlib import Path

import msgspec
import pytest

from services.messages import ENDS
from services.notify import texts, wording
from tests.rules.sentences import LANGUAGES, Pack, faults

pytestmark = pytest.mark.properties
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pack():
    return Pack(ROOT / "rules", ROOT / "schemas")


@pytest.fixture(scope="module")
def sentences(pack):
    return list(pack.sentences())


def test_every_rule_and_level_is_among_them_in_every_state_and_language(pack, sentences):
    seen = {(one.rule, one.level, one.language, one.change) for one in sentences}
    wanted = {
        (rule.id, rung.level, language, change)
        for rule in pack.rules.plan.rules
        for rung in rule.rungs
        for language in LANGUAGES
        for change in ("resolved", "withdrawn")
    }
    assert wanted - seen == set()
    begun = {(one.rule, one.level) for one in sentences if one.change in ("opened", "raised")}
    assert {(rule.id, rung.level) for rule in pack.rules.plan.rules for rung in rule.rungs} - begun == set()
    assert {one.change for one in sentences} == {"opened", "raised", "lowered", "resolved", "withdrawn"}


def test_nothing_is_wrong_with_any_sentence(pack, sentences):
    wrong = {
        f"{one.rule} {one.level} {one.change} {one.where}: {fault}: {one.text}"
        for one in sentences
        for fault in faults(one, pack, pack.rules.cards[one.rule])
    }
    assert sorted(wrong) == []


def test_the_time_that_passes_is_seen_to_pass(pack, sentences):
    """Of a rule with a clock, what is read at once and three days later differs, until the warning is over."""
    for rule in (rule for rule in pack.rules.plan.rules if rule.card.since is not None):
        read = {}
        for one in sentences:
            if (one.rule, one.where, one.language) == (rule.id, "page", "en") and one.change in ("opened", "raised"):
                read.setdefault(id(one.of), []).append(one.text)
        assert all(len(set(said)) > 1 for said in read.values()), rule.id
        assert read
    figures = {}
    for one in sentences:
        if (one.where, one.change, one.language) == ("figures", "withdrawn", "zh"):
            figures.setdefault(id(one.of), set()).add(one.text)
    assert {len(said) for said in figures.values()} == {1}


def test_a_value_that_comes_near_its_threshold_is_told_with_the_digits_that_differ(pack):
    """95 %, below 95 %: whatever rule names both, by how little they may differ."""
    seen = set()
    for change in pack.changes:
        card, facts = pack.rules.cards[change.rule], change.facts
        both = {"value", "threshold"} <= texts.placeholders(card.message.en)
        if not both or facts.threshold is None or facts.value is None or card.since is not None:
            continue
        seen.add(change.rule)
        for step in (0.001, -0.001):
            near = msgspec.structs.replace(change, facts=msgspec.structs.replace(facts, value=facts.threshold + step))
            shown = wording.figures(near.facts.value, near.facts.threshold)
            assert shown[0] != shown[1]
            pages = [
                one for language in LANGUAGES for one in pack.of_change(near, card, language) if one.where == "page"
            ]
            assert pages
            assert near.change in ENDS or all(figure in one.text for one in pages for figure in shown), pages[0].text
    assert len(seen) > 10


def test_nothing_is_said_twice_of_what_a_warning_is_about(pack, sentences):
    said = {}
    for one in sentences:
        if one.where == "about" and one.language == "zh":
            said.setdefault((id(one.of), one.change, one.of.reason, one.timetable), []).append(one.text)
    assert said
    for found in said.values():
        once = dict.fromkeys(found)
        assert [one for one in once if any(one != other and one in other.split(" ")[0] for other in once)] == []
