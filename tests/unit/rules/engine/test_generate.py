"""The generated source: it shows in tracebacks, and has no branch that is never taken."""

import re
import traceback

import msgspec
import pytest

from services.rules.engine.decode import decoder
from services.rules.engine.engine import Engine
from services.rules.engine.generate import compile_source, handler_source, step_source, used_fields
from services.rules.engine.layout import Layout
from tests.harness import event, rule_set, wire
from tests.rule_files import folder, rule
from tests.unit.rules.engine.test_engine_edges import AT


def plan_of(path, *rules):
    return rule_set(folder(path, *rules)).plan


def test_a_line_of_generated_source_shows_in_its_traceback():
    made = compile_source("def step():\n    return 1 / 0  # here", "step s", {})
    with pytest.raises(ZeroDivisionError) as raised:
        made["step"]()
    last = traceback.extract_tb(raised.value.__traceback__)[-1]
    assert (last.filename.startswith("rules/step s"), last.line) == (True, "return 1 / 0  # here")


def test_two_sources_of_one_name_show_each_its_own_lines():
    lines = []
    for text in ("1 / 0", "[][1]"):
        with pytest.raises((ZeroDivisionError, IndexError)) as raised:
            compile_source(f"def step():\n    {text}", "step", {})["step"]()
        lines.append(traceback.extract_tb(raised.value.__traceback__)[-1].line)
    assert lines == ["1 / 0", "[][1]"]


def test_an_event_that_fails_names_the_line(tmp_path):
    engine = Engine(plan_of(tmp_path, rule()))
    engine.transitions.values[0] = [None]  # what the handler calls when the level changes
    engine.process_many(wire([event("attendance", AT, str(n), student="s", status="absent") for n in range(2)]))
    ((ident, error),) = engine.failed
    assert ident in ("s 0", "s 1")
    assert error.startswith("TypeError")
    assert " at: " in error


def test_a_handler_has_only_the_branches_that_its_kind_can_take(tmp_path):
    missing = rule(
        on="lesson",
        by="[lesson]",
        measure="{missing: rollcall, after: ends_at}",
        levels="{at_least: {yellow: 30m}}",
    )
    plan = plan_of(tmp_path, missing)
    (layout,) = [Layout(("lesson",), plan)]
    layout.rules[0].index = 0
    (gauge,) = layout.gauges
    lesson, rollcall = (handler_source(kind, [layout], plan) for kind in ("lesson", "rollcall"))
    assert f"s.{gauge.slots['expects']} = i" in lesson
    assert f"s.{gauge.slots['expects']} = i" not in rollcall
    assert f"s.{gauge.slots['come']} = i" in rollcall
    assert f"s.{gauge.slots['come']} = i" not in lesson
    assert f"s.{gauge.slots['come']} = i" in step_source(layout)


@pytest.mark.parametrize("side", ["{figure: planned_hours}", "hours"])
def test_no_test_of_a_constant_is_generated(tmp_path, side):
    plan = plan_of(tmp_path, rule(measure=f"{{ratio: hours, to: {side}}}", levels="{at_least: {yellow: 2}}"))
    (layout,) = [Layout(("student",), plan)]
    layout.rules[0].index = 0
    source = step_source(layout) + handler_source("attendance", [layout], plan)
    assert not re.search(r"if (True|False)\b|& 0\b", source)


def test_only_fields_that_some_rule_needs_are_decoded(tmp_path):
    plan = plan_of(tmp_path, rule(measure='{count: status == "absent" and minutes_late > 3}'))
    layout = Layout(("student",), plan)
    assert {"status", "minutes_late", "student"} <= {*used_fields("attendance", [layout], plan)}
    assert "hours" not in used_fields("attendance", [layout], plan)
    _, types = decoder(plan, [layout])
    assert "hours" not in {field.encode_name for field in msgspec.structs.fields(data_of(types["attendance"]))}


def data_of(event_type):
    return next(field.type for field in msgspec.structs.fields(event_type) if field.name == "data")
