"""Source of one rule's step: its windows move, its values are taken, its level is found, its next instant is set."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from services.messages import FOREVER
from services.rules.engine.layout import SCALE, GaugeLayout, Layout, RuleLayout
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
        return [f"if f & {possible}:", *_indent(lines)] if possible and lines else []


def _indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def rule_lines(layout: Layout, rule: RuleLayout, when: When) -> list[str]:
    """The step of one rule."""
    lines = [f"# {rule.rule.id}", *(when.having(rule.record, [f"s.{rule.newest} = i"]) if rule.record else [])]
    for number, gauge in enumerate(rule.gauges):
        lines += _window(layout, gauge, when)
        if gauge.measure.ready:
            lines += _code(gauge.measure.ready, _names(layout, gauge, when))
        if not gauge.measure.waiting:
            lines.append(f"v{number} = {value_source(layout, gauge)}")
    lines += _level(layout, rule)
    if rule.due:
        lines += [*_due(layout, rule), *(["if due < s.due: s.due = due"] if when.here is not None else [])]
    moment = "t if f else t - 1" if rule.gauges[0].measure.waiting and when.here is None else "t"
    named = "" if when.here is None else "s.latest = data; "
    lines += [f"if level != s.{rule.level}: {named}turn(s, {rule.index}, {moment}, level, i, f)"]
    return [line for line in lines if line]


def _window(layout: Layout, gauge: GaugeLayout, when: When) -> list[str]:
    if gauge.measure.before:
        return [*_code(gauge.measure.before, _names(layout, gauge, when)), *_moved(layout, gauge, when)]
    return _moved(layout, gauge, when)


def _moved(layout: Layout, gauge: GaugeLayout, when: When) -> list[str]:
    names, measure, stride = _names(layout, gauge, when), gauge.measure, layout.stride
    add, drop = _code(measure.add, names), _code(measure.drop, names)
    if gauge.guard >= 0:
        add.append(f"{names['guarded']} = counted_in({names['guarded']}, {_at('i', gauge.guard, when)})")
        drop.append(f"counted_out({names['guarded']}, {_at('j', gauge.guard)})")
    lo, member = names["lo"], gauge.member
    kind, size = gauge.gauge.window.kind, gauge.gauge.window.size
    joins = member | gauge.awaited
    if kind == "last" and not measure.own_window:
        return when.having(joins, [
            *add, f"{names['size']} += 1", f"if {names['size']} > {size}:",
            f"    j = {lo}", f"    while not rows[j + 2] & {member}: j += {stride}", *_indent(drop),
            f"    {lo} = j + {stride}; {names['size']} = {size}",
        ])  # fmt: skip
    if kind == "within" and not measure.own_window:
        return [
            f"j = {lo}",
            f"limit = t - {size}",
            f"while j <= i and (rows[j] <= limit or not rows[j + 2] & {member}):",
            f"    if rows[j + 2] & {member} and rows[j] <= limit:",
            *_indent(_indent(drop)),
            f"    j += {stride}",
            f"{lo} = j",
            *when.having(joins, add),
        ]
    if kind == "calendar" and not measure.own_window:
        fresh = {**measure.slots, **({"guarded": None} if gauge.guard >= 0 else {})}
        reset = [f"{names[slot]} = {start}" for slot, start in fresh.items()]
        joining = when.having(joins, add)
        first = "i" if when.here is not None else f"i if f else i + {stride}"
        return [
            f"if t >= {names['end']}:",
            f"    {names['inside']}, {names['end']} = period_{gauge.gauge.window.period}(t)",
            *_indent(reset),
            f"    {lo} = {first}",
            *([f"if {names['inside']}:", *_indent(joining)] if joining else []),
        ]
    return when.having(joins, add)


def _at(index: str, column: int, when: When | None = None) -> str:
    """A column of the entry at an index."""
    if when is not None and when.here is not None:
        return when.columns[column] if 0 <= column < len(when.columns) else "None"
    return f"rows[{index} + {COLUMNS + column}]"


def _names(layout: Layout, gauge: GaugeLayout, when: When | None = None) -> dict[str, str]:
    plan = gauge.gauge
    names: dict[str, str] = {slot: f"s.{head}" for slot, head in gauge.slots.items()}
    for name in ("hit", "awaited", "until", "among", "member"):
        names[name] = str(getattr(gauge, name))
    names["expecting"] = names["member"]
    for name, column in (("x", gauge.x), ("y", gauge.y), ("g", gauge.g)):
        names[name] = str(COLUMNS + column)
        names[f"{name}_i"], names[f"{name}_j"] = _at("i", column, when), _at("j", column)
    for name in ("min_records", "min_matching", "newest", "before", "min_before", "per", "size"):
        names.setdefault(name, str(getattr(plan, name, 0)))
    names["stride"] = str(layout.stride)
    names["x_figure"], names["y_figure"] = (str(figure) for figure in plan.figures)
    names["restart"] = str(plan.restart)
    limits = [f"({_at('i', column, when)}, {service}) if f & {bit}" for bit, column, service in gauge.limits]
    names["limit_i"] = " else ".join([*limits, "(None, False)"])
    names["scale"] = str(1 if plan.whole else SCALE)
    names["help"] = layout.help_name(gauge)
    names["period"] = repr(plan.window.period)
    return names


def _code(template: str, names: dict[str, str]) -> list[str]:
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
        lines.append(f"th, until_{rule.index} = resolve_{rule.index}({scope}, t)")
    terms = []
    for rung in rule.rule.rungs:
        gauge = rule.gauges[rung.gauge]
        if gauge.measure.waiting:
            names = {**_names(layout, gauge), "threshold": _threshold(rung)}
            late = f"{gauge.measure.waiting.format(**names)} and t > {gauge.measure.deadline.format(**names)}"
            terms.append(f"{rung.number} if {_guard(rung)}{late}")
        else:
            terms.append(f"{rung.number} if v{rung.gauge} is not None and {_reached(rule, rung)}")
    lines.append(f"level = {' else '.join(terms)} else 0")
    if dated:
        cases = [f"{_threshold(rung)} if level == {rung.number} else " for rung in rule.rule.rungs[:-1]]
        lines.append(f"if level: s.{rule.threshold} = {''.join(cases)}{_threshold(rule.rule.rungs[-1])}")
    return lines


def _threshold(rung: Rung) -> str:
    """Source of a level's threshold; `th` is what the standard says at present."""
    if rung.threshold is not None:
        return repr(rung.threshold)
    return f"th.again[{rung.step - 1}]" if rung.step else f"th.reached.{rung.level}"


def _guard(rung: Rung) -> str:
    return f"{_threshold(rung)} is not None and " if rung.threshold is None else ""


def _reached(rule: RuleLayout, rung: Rung) -> str:
    """Condition: the value is there, or has not come back beyond `clear` since it was."""
    value, operator, rank = f"v{rung.gauge}", OPERATORS[rung.compare], rung.number
    reached = f"{_guard(rung)}{value} {operator} {_threshold(rung)}"
    clear = f"th.clear.{rung.level}" if rung.threshold is None else repr(rung.clear)
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
            lines.append(f"if {guard}{lo} <= i and rows[{lo}] + {gauge.gauge.window.size} < due:")
            lines.append(f"    due = rows[{lo}] + {gauge.gauge.window.size}")
        elif kind == "calendar" and not gauge.measure.own_window:
            lines.append(f"if level and {names['end']} < due: due = {names['end']}")
        guards = {"next": "" if rule.rises(number) else "level and ", "awake": ""}
        lines += [
            f"if {guard}{names[slot]} < due: due = {names[slot]}" for slot, guard in guards.items() if slot in names
        ]
    return [*lines, f"s.{rule.due} = due"]
