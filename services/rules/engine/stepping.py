"""Source of one rule's step: its windows move, its values are taken, its level is found, its next instant is set."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Any

from services.messages import FOREVER
from services.rules.engine.layout import Layout
from services.rules.engine.placed import GaugeLayout, RuleLayout
from services.rules.engine.plan import OPERATORS, Rung
from services.rules.engine.subject import COLUMNS


@dataclass(frozen=True)
class When:
    """What is known where the step is written: in a handler only its kind's bits can be set, and some always are."""

    here: int | None = None
    """Bits that can be set, None: any, or none at all if only time passed."""
    always: int = 0
    columns: tuple[str, ...] = ()
    """Names of the joining entry's columns."""

    def having(self, bits: int, lines: list[str]) -> list[str]:
        """The lines, to be run where the entry has one of the bits."""
        if self.always & bits:
            return lines
        possible = bits if self.here is None else bits & self.here
        return [f"if f & {possible}:", *indent(lines)] if possible and lines else []

    def decided(self, lines: list[str]) -> list[str]:
        """The lines without the branches that are never taken, and without the tests of those that always are."""
        out: list[str] = []
        left = lines
        while left:
            head, left = left[0], left[1:]
            if (test := _TEST.fullmatch(head)) is None:
                out.append(_NEVER.sub("0", head))
                continue
            body, left = _block(left, len(test["margin"]))
            body = [test["margin"] + "    " + test["then"]] if test["then"] else body
            other: list[str] = []
            if left and left[0] == test["margin"] + "else:":
                other, left = _block(left[1:], len(test["margin"]))
            taken = self._taken(test["bits"])
            if taken is None:
                out += [head] if test["then"] else [head, *self.decided(body)]
                out += [test["margin"] + "else:", *self.decided(other)] if other else []
            elif not taken:
                out += self.decided([line[4:] for line in other])
            elif test["more"]:
                assert not other, "a test of more than bits has no else"
                out += [f"{test['margin']}if {test['more']}:", *self.decided(body)]
            else:
                out += self.decided([line[4:] for line in body])
        return out

    def _taken(self, bits: str) -> bool | None:
        """Whether an entry passes a test of these bits; None: some do and some do not."""
        if not bits.isdecimal():
            return bits == "True"
        if self.here is not None and not int(bits) & self.here:
            return False
        return True if int(bits) & self.always else None


_TEST = re.compile(r"(?P<margin> *)if (?:f & )?(?P<bits>\d+|True|False)(?: and (?P<more>.+?))?: *(?P<then>.*)")

_NEVER = re.compile(r"\bf & 0\b")


def _block(lines: list[str], margin: int) -> tuple[list[str], list[str]]:
    """The lines that stand deeper than the margin, and those behind them."""
    end = next((n for n, line in enumerate(lines) if not line.startswith(" " * (margin + 1))), len(lines))
    return lines[:end], lines[end:]


def indent(lines: list[str]) -> list[str]:
    """The lines as a block of what stands before them."""
    return ["    " + line for line in lines]


def rule_lines(layout: Layout, rule: RuleLayout, when: When, *, moves: bool = True) -> list[str]:
    """The step of one rule. `moves`: its windows do, they have not yet."""
    lines = [f"# {rule.rule.id}", *(when.having(rule.record, [f"s.{rule.newest} = i"]) if rule.record else [])]
    lines += _term(layout, rule, when) if rule.term and moves else []
    for number, gauge in enumerate(rule.gauges):
        lines += _window(layout, gauge, when) if moves else []
        if gauge.measure.ready:
            lines += when.decided(_code(gauge.measure.ready, _names(layout, gauge, when)))
        if not gauge.measure.waiting:
            lines.append(f"v{number} = {value_source(layout, gauge)}")
    lines += _level(layout, rule)
    sooner = ["if due < s.due: s.due = due"] if when.here is not None else []
    if rule.moves:
        lines += [*_due(layout, rule), *sooner]
    elif rule.term:  # a level that stays keeps the instant at which it ends
        until = f"s.{rule.due} = due = s.{rule.term} if level else {FOREVER}"
        lines += [f"if level != s.{rule.level}:", *indent([until, *sooner])]
    moment = "t if f else t - 1" if rule.gauges[0].measure.waiting and when.here is None else "t"
    named = "" if when.here is None else "s.latest = data; "
    lines += [f"if level != s.{rule.level}: {named}transition(s, {rule.index}, {moment}, level, i, f)"]
    return [line for line in lines if line]


def _term(layout: Layout, rule: RuleLayout, when: When) -> list[str]:
    """A term has ended: the windows begin anew, those of a term by themselves."""
    lines = [f"s.{rule.term} = term_end(t)"]
    for gauge in rule.gauges:
        if gauge.gauge.window.period != "term":
            lines += _emptied(layout, gauge, when)
    return [f"if t >= s.{rule.term}:", *indent(lines)]


def _emptied(layout: Layout, gauge: GaugeLayout, when: When) -> list[str]:
    """No entry is in the window any more, apart from the one that joins."""
    names = _names(layout, gauge, when)
    fresh = {
        **gauge.measure.slots,
        **({"guarded": None} if gauge.guard >= 0 else {}),
        **({"size": 0} if "size" in gauge.slots else {}),
    }
    first = "i" if when.here is not None else f"i if f else i + {layout.stride}"
    return [*(f"{names[slot]} = {start}" for slot, start in fresh.items()), f"{names['lo']} = {first}"]


def _window(layout: Layout, gauge: GaugeLayout, when: When) -> list[str]:
    before = _code(gauge.measure.before, _names(layout, gauge, when)) if gauge.measure.before else []
    return [*before, *_moved(layout, gauge, when)]


def _moved(layout: Layout, gauge: GaugeLayout, when: When) -> list[str]:
    names, measure, stride = _names(layout, gauge, when), gauge.measure, layout.stride
    add, drop = when.decided(_code(measure.add, names)), when.decided(_code(measure.drop, names))
    if gauge.guard >= 0:
        add.append(f"{names['guarded']} = counted_in({names['guarded']}, {_at('i', gauge.guard, when)})")
        drop.append(f"counted_out({names['guarded']}, {_at('j', gauge.guard)})")
    lo, member = names["lo"], gauge.member
    kind, size = gauge.gauge.window.kind, gauge.gauge.window.size
    joins = member | gauge.awaited
    if kind == "last" and not measure.own_window:
        leaving = [
            f"j = {lo}",
            f"while not rows[j + 2] & {member}: j += {stride}",
            *drop,
            f"{lo} = j + {stride}; {names['size']} = {size}",
        ]
        joining = [*add, f"{names['size']} += 1", f"if {names['size']} > {size}:", *indent(leaving)]
        return when.having(joins, joining)
    if kind == "within" and not measure.own_window:
        return [
            f"j = {lo}",
            f"limit = before_weeks(t, {size})" if gauge.gauge.window.in_weeks else f"limit = t - {size}",
            f"while j <= i and (rows[j] <= limit or not rows[j + 2] & {member}):",
            f"    if rows[j + 2] & {member} and rows[j] <= limit:",
            *indent(indent(drop)),
            f"    j += {stride}",
            f"{lo} = j",
            *when.having(joins, add),
        ]
    if kind == "calendar" and not measure.own_window:
        joining = when.having(joins, add)
        return [
            f"if t >= {names['end']}:",
            f"    {names['inside']}, {names['end']} = period_{gauge.gauge.window.period}(t)",
            *indent(_emptied(layout, gauge, when)),
            *([f"if {names['inside']}:", *indent(joining)] if joining else []),
        ]
    return when.having(joins, add)


def _leaves(gauge: GaugeLayout, at: str) -> str:
    """Source of the instant at which a record of that instant leaves a `within` window."""
    window = gauge.gauge.window
    return f"weeks_after({at}, {window.size})" if window.in_weeks else f"{at} + {window.size}"


def _at(index: str, column: int, when: When | None = None) -> str:
    """A column of the entry at an index."""
    if when is not None and when.here is not None:
        return when.columns[column] if 0 <= column < len(when.columns) else "None"
    return f"rows[{index} + {COLUMNS + column}]"


def _names(layout: Layout, gauge: GaugeLayout, when: When | None = None) -> dict[str, Any]:
    """What stands for the names in braces: the slots', and those of `GIVEN`, which no slot can have."""
    limits = [f"({_at('i', limit.column, when)}, {limit.service}) if f & {limit.bit}" for limit in gauge.limits]
    names: dict[str, Any] = {
        **{slot: f"s.{head}" for slot, head in gauge.slots.items()},
        "gauge": gauge.gauge,
        "help": layout.help_name(gauge),
        "stride": layout.stride,
        "hit": gauge.hit,
        "awaited": gauge.awaited,
        "until": gauge.until,
        "among": gauge.among,
        "expecting": gauge.member,
        "limit_i": " else ".join([*limits, "(None, False)"]),
    }
    names["x_figure"], names["y_figure"] = gauge.gauge.figures
    for name, column in (("x", gauge.x), ("y", gauge.y), ("g", gauge.g)):
        names |= {name: COLUMNS + column, f"{name}_i": _at("i", column, when), f"{name}_j": _at("j", column)}
    return names


def _code(template: str, names: dict[str, Any]) -> list[str]:
    return textwrap.dedent(template).strip().format(**names).splitlines()


def value_source(layout: Layout, gauge: GaugeLayout) -> str:
    """Expression of the gauge's present value over `s` and `rows`."""
    names = _names(layout, gauge)
    value = gauge.measure.value.format(**names)
    if gauge.guard < 0:
        return value
    return f"None if len({names['guarded']} or ()) < {gauge.gauge.guard_least} else ({value})"


def _level(layout: Layout, rule: RuleLayout) -> list[str]:
    """Lines that set `level` to the rank of the highest level that is reached, 0 for none."""
    lines = []
    dated = any(rung.threshold is None for rung in rule.rule.rungs)
    if dated:
        newest = f"s.{rule.newest}"
        scope = f"rows[{newest} + {COLUMNS + rule.scope}] if {newest} >= 0 else ()" if rule.scope >= 0 else "()"
        lines.append(f"(reached, clear, again), until_{rule.index} = resolve_{rule.index}({scope}, t)")
    terms = []
    for rung in rule.rule.rungs:
        gauge = rule.gauges[rung.gauge]
        if gauge.measure.waiting:
            names = {**_names(layout, gauge), "threshold": _threshold(rung)}
            late = f"{gauge.measure.waiting.format(**names)} and t > {gauge.measure.deadline.format(**names)}"
            terms.append(f"{rung.number} if {_guard(rung)}{late}")
        else:
            terms.append(f"{rung.number} if v{rung.gauge} is not None and {_reached(layout, rule, rung)}")
    lines.append(f"level = {' else '.join(terms)} else 0")
    if dated:
        cases = [f"{_threshold(rung)} if level == {rung.number} else " for rung in rule.rule.rungs[:-1]]
        lines.append(f"if level: s.{rule.threshold} = {''.join(cases)}{_threshold(rule.rule.rungs[-1])}")
    return lines


def _threshold(rung: Rung) -> str:
    """Source of a level's threshold; `reached`, `clear` and `again` are what the standard says at present."""
    if rung.threshold is not None:
        return repr(rung.threshold)
    return f"again[{rung.step - 1}]" if rung.step else f"reached.{rung.level}"


def _guard(rung: Rung) -> str:
    return f"{_threshold(rung)} is not None and " if rung.threshold is None else ""


def _reached(layout: Layout, rule: RuleLayout, rung: Rung) -> str:
    """Condition: the value is there, or has not come back beyond `clear` since it was; and is still to come."""
    gauge = rule.gauges[rung.gauge]
    held = _held(rule, rung)
    if not gauge.measure.already or rung.compare not in ("at_least", "above"):
        return held
    so_far = gauge.measure.already.format(**_names(layout, gauge))
    return f"({held}) and not {so_far} {OPERATORS[rung.compare]} {_threshold(rung)}"


def _held(rule: RuleLayout, rung: Rung) -> str:
    value, operator, rank = f"v{rung.gauge}", OPERATORS[rung.compare], rung.number
    reached = f"{_guard(rung)}{value} {operator} {_threshold(rung)}"
    clear = f"clear.{rung.level}" if rung.threshold is None else repr(rung.clear)
    if rung.step or rung.clear is None:
        return reached
    there = f"s.{rule.level} {'<' if rank < 0 else '>='} {max(rank, 0)}"
    given = f"{clear} is not None and {_guard(rung)}" if rung.threshold is None else ""
    return f"({reached} or {there} and {given}{value} {operator} {clear})"


def _due(layout: Layout, rule: RuleLayout) -> list[str]:
    lines = [f"due = {f'until_{rule.index}' if any(r.threshold is None for r in rule.rule.rungs) else FOREVER}"]
    for number, gauge in enumerate(rule.gauges):
        names, kind = _names(layout, gauge), gauge.gauge.window.kind
        rungs = [rung for rung in rule.rule.rungs if rung.gauge == number]
        if gauge.measure.waiting:
            lines.append(f"if {gauge.measure.waiting.format(**names)}:")
            for rung in rungs:
                names["threshold"] = _threshold(rung)
                deep = 2 if rung.threshold is None else 1
                lines += [
                    *([f"    if {_threshold(rung)} is not None:"] if rung.threshold is None else []),
                    f"{'    ' * deep}x = {gauge.measure.deadline.format(**names)} + 1",
                    f"{'    ' * deep}if t < x < due: due = x",
                ]
        elif kind == "within":
            guard, lo = "" if rule.rises(number) else "level and ", names["lo"]
            lines.append(f"if {guard}{lo} <= i and (x := {_leaves(gauge, f'rows[{lo}]')}) < due: due = x")
        elif kind == "calendar" and not gauge.measure.own_window:
            lines.append(f"if level and {names['end']} < due: due = {names['end']}")
        guards = {"next": "" if rule.rises(number) else "level and ", "awake": ""}
        lines += [
            f"if {guard}{names[slot]} < due: due = {names[slot]}" for slot, guard in guards.items() if slot in names
        ]
    if rule.term:
        lines.append(f"if level and s.{rule.term} < due: due = s.{rule.term}")
    return [*lines, f"s.{rule.due} = due"]
