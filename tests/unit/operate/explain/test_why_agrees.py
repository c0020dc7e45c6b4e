"""What `prewarn why` finds by replaying is what the running engine found: every subject of the sample college."""

import pytest

from services.app.demo.show import Show
from services.operate.explain.log import rows_about
from services.operate.reasons.not_warned import REASONS
from services.operate.reasons.replay import replay
from services.operate.reasons.standing import standing
from services.settings import Settings

pytestmark = pytest.mark.commands

TOLD = ("level", "value", "threshold")


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    show = Show(Settings(home=tmp_path_factory.mktemp("agreeing") / "demo"), 1.0)
    show.tell_history(lambda _: None)
    yield show
    show.stop()


def test_each_open_warning_is_found_with_its_figures_and_no_other_is(show):
    embedded = show.embedded
    stored = {
        (one["rule"], one["subject"]): tuple(one[name] for name in TOLD)
        for one in embedded.notify.warnings()
        if one["status"] == "open"
    }
    rules, at = embedded.files.rule_set(), embedded.journal.evaluated()[1]
    bys = {rule.by: {} for rule in rules.plan.rules}
    rows = rows_about(embedded.journal, rules.plan, bys).rows
    found, silent = {}, set()
    for by in bys:
        replayed = replay(rules.plan, by, rows, at)
        for place, _, rule in replayed.layouts():
            for key in replayed.subjects():
                one = standing(replayed, place, rule, key, rules.standards.get(rule.rule.standard))
                if one.status == "open":
                    found[one.rule, key] = tuple(getattr(one, name) for name in TOLD)
                else:
                    silent.add(one.reason)
    assert len(stored) > 100
    assert found == stored
    assert silent <= {*REASONS}
