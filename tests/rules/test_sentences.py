"""Every rule × level × change × language of the default pack says true things plainly (tests/rules/sentences.py)."""

from pathlib import Path

import pytest

from tests.rules.sentences import LANGUAGES, Pack, faults

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
