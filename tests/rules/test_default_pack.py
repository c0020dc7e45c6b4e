"""The default pack: a rule for every row of the catalogue, and what it quotes stands in the college's plan."""

import re
from pathlib import Path

import pytest

from services.rules.language.load import load

ROOT = Path(__file__).parents[2]
RULES = load(ROOT / "rules", ROOT / "schemas")
ROWS = {
    *(f"S{n}" for n in range(1, 13)), *(f"K{n}" for n in range(1, 5)), *(f"T{n}" for n in range(1, 6)), "M1", "M2",
    "M3", "I1", "C1", "C2", *(f"V{n}" for n in range(1, 5)), "Q1", "Q2", "Q3", *(f"D{n}" for n in range(1, 6)), "P1",
    "P2", "P3",
}  # fmt: skip


def test_every_row_of_the_catalogue_has_a_rule():
    assert len(ROWS) == 42
    assert {rule.card.row for rule in RULES.plan.rules if rule.card.summary is None} == ROWS


def without_breaks(text):
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("card", RULES.cards.values(), ids=RULES.cards)
def test_what_a_rule_quotes_stands_in_the_plan(card, shared_data):
    plan = without_breaks((shared_data.parent / "domain" / "college-quality-plan.zh.txt").read_text("utf-8"))
    quotes = re.findall("“([^”]+)”", card.source)
    assert quotes
    assert [quote for quote in quotes if without_breaks(quote) not in plan] == []


def test_every_standard_says_on_what_it_rests_and_who_set_it():
    assert [one.id for one in RULES.standards.values() if not {"basis", "set_by", "approved_on"} <= {*one.notes}] == []
