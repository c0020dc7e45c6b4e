"""Writes the engine's inner loop as Python source, one `step` per `by` and one handler per event kind, and compiles it.

Why source: a rule set is fixed for days and sees millions of events; a condition in generated code costs a third of
one in a closure (docs/performance.md). What the code does is the definition in docs/rules.md:

    handler(event)        conditions → bits; find the subject; in order: append the entry, step; else: the slow path
    step(s, t, f, i)      entry i with bits f joins at instant t (f = 0: only time passed): windows, values, levels
    settle(s, until, i)   every instant up to `until` at which time alone changes something
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from services.rules.engine.layout import CONTEXT, SCALE, GaugeLayout, Layout, RuleLayout, field_source
from services.rules.engine.measures import MEASURES
from services.rules.engine.plan import FOREVER, OPERATORS, RANK, Plan


def step_source(layout: Layout) -> str:
    """Source of `step` and `settle` for the rules of one layout."""
    body = ["h = s.heads", "times = s.times", "flags = s.flags", "columns = s.columns", "s.front = t"]
    for rule in layout.rules:
        body += [f"if f & {rule.mask} or not f:", *_indent(_rule(rule))]
    dues = [f"h[{rule.due}]" for rule in layout.rules if has_due(rule)]
    if dues:
        body += [
            f"due = {dues[0] if len(dues) == 1 else 'min(' + ', '.join(dues) + ')'}",
            "if due != s.due:",
            "    s.due = due",
            "    if due < s.queued: queue(s)",
        ]
    settle = ["while s.due <= until:", "    step(s, s.due, 0, i)"]
    return "\n".join(["def step(s, t, f, i):", *_indent(body), "def settle(s, until, i):", *_indent(settle)])


def _indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def has_due(rule: RuleLayout) -> bool:
    """Whether time alone can ever change the rule's level."""
    return (
        any(rung.threshold is None for rung in rule.rule.rungs)
        or any(gauge.gauge.window.kind in ("within", "calendar") for gauge in rule.gauges)
        or rule.gauges[0].gauge.measure == "missing"
    )


def _rule(rule: RuleLayout) -> list[str]:
    lines = [f"# {rule.rule.id}", *([f"if f & {rule.record}: h[{rule.newest}] = i"] if rule.record else [])]
    for number, gauge in enumerate(rule.gauges):
        lines += _window(gauge)
        if gauge.gauge.measure != "missing":
            lines.append(f"v{number} = {value_source(gauge)}")
    lines += _level(rule)
    if has_due(rule):
        lines += _due(rule)
    moment = "t if f else t - 1" if rule.gauges[0].gauge.measure == "missing" else "t"
    lines += [
        f"if level != h[{rule.level}]:",
        f"    turn(s, {rule.index}, {moment}, level, i, f)",
    ]
    return [line for line in lines if line]


def _window(gauge: GaugeLayout) -> list[str]:
    names = _names(gauge)
    measure = MEASURES[gauge.gauge.measure]
    add, drop = _code(measure.add, names), _code(measure.drop, names)
    lo, member = names["lo"], gauge.member
    kind, size = gauge.gauge.window.kind, gauge.gauge.window.size
    joins = f"f & {member | gauge.awaited}"
    if kind == "last":
        return [
            f"if {joins}:", *_indent(add), f"    {names['size']} += 1", f"    if {names['size']} > {size}:",
            f"        j = {lo}", f"        while not flags[j] & {member}: j += 1", *_indent(_indent(drop)),
            f"        {lo} = j + 1; {names['size']} = {size}",
        ]  # fmt: skip
    if kind == "within":
        return [
            f"j = {lo}",
            f"limit = t - {size}",
            f"while j <= i and (times[j] <= limit or not flags[j] & {member}):",
            f"    if flags[j] & {member} and times[j] <= limit:",
            *_indent(_indent(drop)),
            "    j += 1",
            f"{lo} = j",
            f"if {joins}:",
            *_indent(add),
        ]
    if kind == "calendar":
        reset = [f"{names[slot]} = {start}" for slot, start in measure.slots.items()]
        return [
            f"if t >= {names['end']}:",
            f"    {names['inside']}, {names['end']} = period_{gauge.gauge.window.period}(t)",
            *_indent(reset),
            f"    {lo} = i if f else i + 1",
            f"if {names['inside']} and {joins}:",
            *_indent(add),
        ]
    return [f"if {joins}:", *_indent(add)]


def _names(gauge: GaugeLayout) -> dict[str, str]:
    names: dict[str, str] = {slot: f"h[{position}]" for slot, position in gauge.slots.items()}
    scale = 1 if gauge.gauge.whole else SCALE
    names |= {"hit": str(gauge.hit), "awaited": str(gauge.awaited), "expecting": str(gauge.member)}
    names |= {"x": str(gauge.column), "scale": str(scale)}
    return names | {"min_records": str(gauge.gauge.min_records), "min_matching": str(gauge.gauge.min_matching)}


def _code(template: str, names: dict[str, str]) -> list[str]:
    return textwrap.dedent(template).strip().format(**names).splitlines()


def value_source(gauge: GaugeLayout) -> str:
    """Expression of the gauge's present value over `h` and `columns`."""
    return MEASURES[gauge.gauge.measure].value.format(**_names(gauge))


def _level(rule: RuleLayout) -> list[str]:
    """Lines that set `level` to the rank of the highest level that is reached, 0 for none."""
    lines = []
    dated = any(rung.threshold is None for rung in rule.rule.rungs)
    if dated:
        scope = "()" if rule.scope < 0 else f"columns[{rule.scope}][h[{rule.newest}]] if h[{rule.newest}] >= 0 else ()"
        lines.append(f"th, until_{rule.index} = resolve_{rule.index}({scope}, t)")
    terms = []
    for rung in rule.rule.rungs:
        threshold = f"th[{RANK[rung.level] - 1}]" if rung.threshold is None else repr(rung.threshold)
        gauge = rule.gauges[rung.gauge]
        guard = f"{threshold} is not None and " if rung.threshold is None else ""
        if gauge.gauge.measure == "missing":
            slots = _names(gauge)
            late = f"t > {slots['anchor']} + {threshold} * 60000"
            condition = f"{guard}{slots['anchor']} >= 0 and {slots['come']} < 0 and {late}"
        else:
            value = f"v{rung.gauge}"
            condition = f"{guard}{value} is not None and {value} {OPERATORS[rung.compare]} {threshold}"
        terms.append(f"{RANK[rung.level]} if {condition}")
    lines.append(f"level = {' else '.join(terms)} else 0")
    if dated:
        lines.append(f"if level: h[{rule.threshold}] = th[level - 1]")
    return lines


def _due(rule: RuleLayout) -> list[str]:
    lines = [f"due = {f'until_{rule.index}' if any(r.threshold is None for r in rule.rule.rungs) else FOREVER}"]
    for number, gauge in enumerate(rule.gauges):
        names = _names(gauge)
        kind = gauge.gauge.window.kind
        rungs = [rung for rung in rule.rule.rungs if rung.gauge == number]
        rises = MEASURES[gauge.gauge.measure].may_rise or any(r.compare in ("below", "at_most") for r in rungs)
        if gauge.gauge.measure == "missing":
            lines.append(f"if {names['anchor']} >= 0 and {names['come']} < 0:")
            for rung in rungs:
                dated = rung.threshold is None
                threshold = f"th[{RANK[rung.level] - 1}]" if dated else repr(rung.threshold)
                lines += [
                    *([f"    if {threshold} is not None:"] if dated else []),
                    f"    {'    ' if dated else ''}x = {names['anchor']} + int({threshold} * 60000) + 1",
                    f"    {'    ' if dated else ''}if t < x < due: due = x",
                ]
        elif kind == "within":
            guard = "" if rises else "level and "
            lo = names["lo"]
            lines.append(f"if {guard}{lo} <= i and times[{lo}] + {gauge.gauge.window.size} < due:")
            lines.append(f"    due = times[{lo}] + {gauge.gauge.window.size}")
        elif kind == "calendar":
            lines.append(f"if level and {names['end']} < due: due = {names['end']}")
    return [*lines, f"h[{rule.due}] = due"]


def used_fields(kind: str, layouts: list[Layout], plan: Plan) -> list[str]:
    """Fields of the kind that some rule needs, and those that say whom a warning is about."""
    text = " ".join(condition for layout in layouts for known, condition in layout.conditions if known == kind)
    text += " " + " ".join(" ".join(layout.columns.get(kind, ())) for layout in layouts)
    text += " " + " ".join(f"f_{name} " for layout in layouts if kind in layout.kinds for name in layout.by)
    words = set(re.findall(r"\bf_\w+", text))
    return [name for name in plan.fields[kind] if f"f_{name}" in words or name in CONTEXT]


def handler_source(kind: str, layouts: list[Layout], plan: Plan) -> str:
    """Source of the handler of one event kind, over all layouts that look at it."""
    known = plan.fields[kind]
    mine = [(number, layout) for number, layout in enumerate(layouts) if kind in layout.kinds]
    needed = used_fields(kind, [layout for _, layout in mine], plan)
    body = ["data = event.data"]
    text = "\n".join(_layout_lines(number, layout, kind, known) for number, layout in mine)
    conditions = "\n".join(_bits(number, layout, kind) for number, layout in mine)
    body += [f"f_{name} = data.f_{name}" for name in needed if f"f_{name}" in text + conditions]
    body += ["plain = event.revision == 0 and not event.retracted", *conditions.splitlines()]
    any_bits = " or ".join(f"b{number}" for number, _ in mine)
    body += [f"if plain and not ({any_bits}): return", "t = (event.time - EPOCH) // MILLISECOND"]
    body += ['ident = f"{event.source} {event.id}"', *text.splitlines()]
    return "\n".join([f"def on_{kind}(event):", *_indent(body)])


def _bits(number: int, layout: Layout, kind: str) -> str:
    bits = [(condition, bit) for (known, condition), bit in layout.conditions.items() if known == kind]
    terms = [str(bit) if condition == "True" else f"({bit} if {condition} else 0)" for condition, bit in bits]
    return f"b{number} = {' | '.join(terms)}"


def _layout_lines(number: int, layout: Layout, kind: str, known: dict[str, str]) -> str:
    sources = ["ident" if name == "event" else field_source(name, known) for name in layout.by]
    n = number
    lines = [f"if b{n} or not plain:"]
    if not sources:
        lines.append("    key = 'college'")
    elif len(sources) == 1:
        lines.append(f"    key = {sources[0]}")
    else:
        parts = "".join(f"{{{source}}}/" for source in sources)[:-1]
        absent = " or ".join(f"{source} is None" for source in sources)
        slashes = " or ".join(f"'/' in {source}" for source in sources)
        lines += [
            f"    if {absent}: key = None",
            f"    elif {slashes}: key = joined(({', '.join(sources)}))",
            f'    else: key = f"{parts}"',
        ]
    columns = layout.columns[kind]
    row = ", ".join(columns) + ("," if columns else "")
    appends = [f"c[{i}].append({column})" for i, column in enumerate(columns)]
    appends += [f"c[{i}].append(None)" for i in range(len(columns), layout.width)]
    lines += [
        "    if key is not None:",
        f"        s = subjects_{n}.get(key)",
        f"        if s is None: s = born({n}, key, t, ident)",
        "        if s is None: pass",
        "        elif plain and t > s.front and s.revised is None:",
        "            i = len(s.times)",
        f"            if i >= s.mark: i = checkpoint({n}, s, t)",
        f"            if t >= s.due: settle_{n}(s, t, i - 1)",
        "            s.times.append(t); s.idents.append(ident)",
        f"            s.flags.append(b{n})",
        *(["            c = s.columns", *[f"            {line}" for line in appends]] if appends else []),
        "            s.latest = data",
        f"            if not s.dirty: s.dirty = True; soiled_{n}(s)",
        f"            step_{n}(s, t, b{n}, i)",
        f"        else: revise({n}, s, event, t, ident, b{n}, ({row}), data)",
    ]
    return "\n".join(lines)


def compile_source(source: str, name: str, names: dict[str, Any]) -> dict[str, Any]:
    """Runs generated source in a namespace of its own; the source shows up in tracebacks under `name`."""
    namespace = dict(names)
    exec(compile(source, f"<{name}>", "exec"), namespace)  # noqa: S102 - our own text, made of checked expressions
    return namespace
