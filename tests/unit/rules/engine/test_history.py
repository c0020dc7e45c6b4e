"""A subject's rows: order, insertion, removal, and what is let go behind the retention horizon."""

from datetime import timedelta

import pytest

from services.rules.engine import history
from services.rules.engine.engine import Engine
from services.rules.engine.layout import CHECKPOINT_EVERY, Layout
from services.rules.engine.subject import COLUMNS, IDENT, Entry
from tests.harness import event, rule_set, wire
from tests.rule_files import folder, rule
from tests.unit.rules.engine.test_engine_edges import AT

DAY = timedelta(days=1)


def entry(at, ident, flags=1, columns=()):
    return Entry(at, ident, flags, columns, None, 0, False)


@pytest.fixture
def layout(tmp_path):
    return Layout(("student",), rule_set(folder(tmp_path, rule())).plan)


def filled(layout, *entries):
    s = layout.create("s1")
    for at, ident in entries:
        history.insert(s, layout.stride, history.place(s, layout.stride, at, ident), entry(at, ident))
    return s


def idents(s, layout):
    return s.rows[IDENT :: layout.stride]


def test_entries_are_kept_in_the_order_of_time_and_ident(layout):
    s = filled(layout, (5, "s c"), (3, "s b"), (5, "s a"), (9, "s d"))
    assert idents(s, layout) == ["s b", "s a", "s c", "s d"]
    assert len(s.rows) == 4 * layout.stride


def test_an_entry_is_found_at_its_instant_only_and_anywhere_by_its_ident(layout):
    s = filled(layout, (3, "s b"), (5, "s a"))
    assert history.find(s, layout.stride, 5, "s a") == layout.stride
    assert history.find(s, layout.stride, 4, "s a") == -1
    assert history.find_anywhere(s, layout.stride, "s a") == layout.stride
    assert history.find_anywhere(s, layout.stride, "s x") == -1


def test_an_entry_of_a_kind_with_fewer_columns_is_filled_up(layout):
    s = layout.create("s1")
    history.insert(s, layout.stride, 0, entry(1, "s a", columns=("x",)[: layout.width]))
    assert len(s.rows) == layout.stride == COLUMNS + layout.width


def test_a_removed_entry_leaves_no_place(layout):
    s = filled(layout, (1, "s a"), (2, "s b"), (3, "s c"))
    history.remove(s, layout.stride, layout.stride)
    assert idents(s, layout) == ["s a", "s c"]


def test_what_is_inserted_or_removed_must_be_written_again_from_there(layout):
    s = filled(layout, (1, "s a"), (2, "s b"))
    s.clean = 2
    history.remove(s, layout.stride, layout.stride)
    assert s.clean == 1


def test_entries_behind_the_horizon_that_no_window_needs_are_let_go(tmp_path):
    plan = rule_set(folder(tmp_path, rule(window="{within: 2d}"))).plan
    engine = Engine(plan)
    for n in range(4 * CHECKPOINT_EVERY):
        one = event("attendance", AT + n * DAY, f"{n:04}", student="s1", lesson="l", status="absent")
        engine.process_many(wire([one]))
    (s,) = engine.subjects(0).values()
    assert s.base > 0
    assert s.horizon >= 0
    assert s.rows[0] < s.watermark
    assert len(s.rows) // engine.layouts[0].stride + s.base == 4 * CHECKPOINT_EVERY
