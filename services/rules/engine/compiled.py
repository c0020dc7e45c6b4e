"""The rules of a plan as functions: what `generate.py` writes, compiled with all that it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.messages import ENDING, EPOCH, FOREVER, joined_key, to_ms
from services.rules.engine.arithmetic import FUNCTIONS
from services.rules.engine.decode import decoder
from services.rules.engine.episodes import Transitions
from services.rules.engine.generate import compile_source, handler_source, number_source, step_source
from services.rules.engine.layout import Layout
from services.rules.engine.plan import Plan
from services.rules.engine.stepping import value_source
from services.rules.engine.subject import Entry


class Compiled:
    """The rules of an engine's layouts."""

    def __init__(
        self,
        plan: Plan,
        layouts: list[Layout],
        calls: Mapping[str, Callable[..., Any]],
        calls_of: Callable[[int], Mapping[str, Callable[..., Any]]],
    ) -> None:
        """`calls`: what the functions call of the engine, `calls_of` likewise of one layout, by its number."""
        rules = [rule for layout in layouts for rule in layout.rules]
        for index, rule in enumerate(rules):
            rule.index = index
        names: dict[str, Any] = {
            "FOREVER": FOREVER,
            "EPOCH": EPOCH,
            "Entry": Entry,
            "joined": joined_key,
            "intern": _Intern(),
            "same": {}.setdefault,
            "before_weeks": plan.times.before_weeks,
            "weeks_after": plan.times.weeks_after,
            "on_teaching_day": lambda event: plan.times.in_teaching_day(to_ms(event.time)),
            **calls,
            **FUNCTIONS,
        }
        for layout in layouts:
            names |= layout.helpers(plan)
        values: list[list[Callable[..., float | None]]] = [
            [eval(f"lambda s, rows, i: {value_source(layout, gauge)}", names) for gauge in rule.gauges]  # noqa: S307 - our source
            for layout in layouts
            for rule in layout.rules
        ]
        self.numbers: list[list[Callable[[Any], object]]] = [
            [eval(f"lambda event: {number_source(gauge.gauge)}", names) for gauge in rule.gauges]  # noqa: S307 - our source
            for rule in rules
        ]
        """Of each rule, by its index, and gauge: a record's event → its number."""
        self.transitions = Transitions(plan, rules, values)
        names["transition"] = self.transitions.transition
        self.transitions.layout_of = {rule.rule.id: layout for layout in layouts for rule in layout.rules}
        names |= {f"period_{name}": period for name, period in plan.periods.items()}
        names |= {f"resolve_{rule.index}": plan.standards[rule.rule.standard] for rule in rules if rule.rule.standard}
        self.steps: list[Callable[..., None]] = []
        """`step` of each layout …"""
        self.settles: list[Callable[..., None]] = []
        """… and `settle` …"""
        self.looks: list[Callable[..., None]] = []
        """… and `look`, by its number."""
        for number, layout in enumerate(layouts):
            mine = calls_of(number)
            names |= {"queue": mine["queue"], **{f"{name}_{number}": call for name, call in mine.items()}}
            made = compile_source(step_source(layout), "step " + "/".join(layout.by), names)
            self.steps.append(made["step"])
            self.settles.append(made["settle"])
            self.looks.append(made["look"])
            names |= {f"step_{number}": made["step"], f"settle_{number}": made["settle"]}
        self.decoder, types = decoder(plan, layouts)
        self.handlers: dict[Any, Callable[[Any], None]] = dict.fromkeys(types.values(), _ignore)
        """Type of an event → what it does."""
        for kind in sorted({kind for layout in layouts for kind in layout.kinds}):
            source = handler_source(kind, layouts, plan)
            self.handlers[types[kind]] = compile_source(source, f"on {kind}", names)[f"on_{kind}"]
        if ENDING in types:
            self.handlers[types[ENDING]] = calls["on_ending"]


def _ignore(event: Any) -> None:
    """No rule looks at events of this kind."""


class _Intern(dict[Any, Any]):
    """One object for equal tuples."""

    def __call__(self, key: Any) -> Any:
        return self.setdefault(key, key)
