"""Writes the engine's inner loop as Python source, one `step` per `by` and one handler per event kind, and compiles it.

Why source: a rule set is fixed for days and sees millions of events; a condition in generated code costs a third of
one in a closure (docs/performance.md). What the code does is the definition in docs/rules.md:

    handler(event)        conditions → bits; find the subject; in order: append the entry, and the steps of all rules
                          that look at this kind, written out in place; else: the slow path
    step(s, t, f, i)      entry i with bits f joins at instant t (f = 0: only time passed): windows, values, levels
    settle(s, until, i)   every instant up to `until` at which time alone changes something
    look(s, t, f, i)      what `step` does once the windows have moved: of peers, they move together (`peers.py`)
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from types import CodeType
from typing import Any

from services.rules.engine.about import CONTEXT
from services.rules.engine.layout import Layout, field_source
from services.rules.engine.plan import TEACHING_DAY, Gauge, Plan
from services.rules.engine.stepping import When, indent, rule_lines

_OPTIONAL = frozenset({"ratio", "difference", "missing", "open", "composite"})
"""Measures that go on without the first number."""
_SMALL = 256
"""Greater numbers are objects of their own: one is shared by all entries that have these bits."""
_IN_FULL = 40
"""Rules of one `by` that a handler writes out; of more it calls `step`."""


def step_source(layout: Layout) -> str:
    """Source of `step`, `settle` and `look` for the rules of one layout."""
    settle = ["while s.due <= until:", "    step(s, s.due, 0, i)"]
    look = _step_lines(layout, moves=False) if layout.peers else ["raise NotImplementedError"]
    return "\n".join(
        [
            *["def step(s, t, f, i):", *indent(_step_lines(layout, moves=True))],
            *["def settle(s, until, i):", *indent(settle)],
            *["def look(s, t, f, i):", *indent(look)],
        ]
    )


def _step_lines(layout: Layout, *, moves: bool) -> list[str]:
    body = ["rows = s.rows", "s.watermark = t"]
    for rule in layout.rules:
        body += [f"if f & {rule.mask} or not f:", *indent(rule_lines(layout, rule, When(), moves=moves))]
    return body + _next_due(layout)


def _next_due(layout: Layout) -> list[str]:
    dues = [f"s.{rule.due}" for rule in layout.rules if rule.due]
    if not dues:
        return []
    return [
        f"due = {dues[0] if len(dues) == 1 else 'min(' + ', '.join(dues) + ')'}",
        "if due != s.due:",
        "    s.due = due",
        "    if due < s.queued: queue(s)",
    ]


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
    conditions = [line for number, layout in mine for line in _bits(number, layout, kind)]
    blocks = [line for number, layout in mine for line in _layout_lines(number, layout, kind, known)]
    words = set(re.findall(r"\w+", "\n".join([*conditions, *blocks])))
    body = ["data = event.data"]
    body += [f"f_{name} = data.f_{name}" for name in needed if f"f_{name}" in words]
    if TEACHING_DAY in words:
        body.append(f"{TEACHING_DAY} = on_teaching_day(event)")
    body += [*conditions, "plain = event.revision == 0 and not event.retracted"]
    if not any(_constant(layout, kind) for _, layout in mine):
        body.append(f"if plain and not ({' or '.join(f'b{number}' for number, _ in mine)}): return")
    body += [
        "moment = event.time - EPOCH",
        "t = moment.days * 86400000 + moment.seconds * 1000 + moment.microseconds // 1000",
        'ident = f"{event.source} {event.id}"',
    ]
    return "\n".join([f"def on_{kind}(event):", *indent([*body, *blocks])])


def _constant(layout: Layout, kind: str) -> int:
    """The bits that every event of the kind has."""
    return sum(bit for (known, condition), bit in layout.conditions.items() if (known, condition) == (kind, "True"))


def _bits(number: int, layout: Layout, kind: str) -> list[str]:
    """Lines that compute the columns `c…` and the bits `b…` of a layout; whatever can fail, fails here."""
    lines, known_as = [], {}
    for i, source in enumerate(layout.columns[kind]):
        if not _is_plain(source):
            lines.append(f"c{number}_{i} = {source}")
            number_itself = source.removeprefix("scaled(").removesuffix(")") if source.startswith("scaled(") else source
            known_as[f"({number_itself}) is not None"] = f"c{number}_{i} is not None"
    for rule in layout.rules:
        lines += [
            f"if {_column(number, gauge.x, layout.columns[kind][gauge.x])} is None and ({gauge.gauge.asked}): "
            f"missed({rule.index}, {place}, event)"
            for place, gauge in enumerate(rule.gauges)
            if gauge.x >= 0 and gauge.gauge.kind == kind and gauge.gauge.measure not in _OPTIONAL
        ]
    terms = []
    for (known, condition), bit in layout.conditions.items():
        if known == kind:
            source = condition
            for written, name in known_as.items():
                source = source.replace(written, name)
            if source != "False":
                terms.append(str(bit) if source == "True" else f"({bit} if {source} else 0)")
    lines.append(f"b{number} = {' | '.join(terms) or 0}")
    possible = sum(bit for (known, _), bit in layout.conditions.items() if known == kind)
    joining = possible & sum({bit for rule in layout.rules for bit in _single(rule.mask)})
    if joining != possible and not joining & _constant(layout, kind):
        lines.append(f"if not b{number} & {joining}: b{number} = 0  # what no measure looks at does not join")
    if possible > _SMALL:
        lines.append(f"b{number} = same(b{number}, b{number})")
    return lines


def number_source(gauge: Gauge) -> str:
    """Source of the number that a gauge wants, over `event`."""
    inner = gauge if gauge.inner is None else gauge.inner
    source = (inner.number or "None").replace(TEACHING_DAY, "on_teaching_day(event)")
    return re.sub(r"\bf_(\w+)", r"event.data.f_\1", source)


def _single(bits: int) -> list[int]:
    """The bits of a number, one by one."""
    return [1 << place for place in range(bits.bit_length()) if bits >> place & 1]


def _is_plain(source: str) -> bool:
    """A field as it is, or nothing: cheaper to name again than to keep."""
    return source == "None" or re.fullmatch(r"f_\w+", source) is not None


def _column(number: int, i: int, source: str) -> str:
    return source if _is_plain(source) else f"c{number}_{i}"


def _layout_lines(number: int, layout: Layout, kind: str, known: dict[str, str]) -> list[str]:
    n = number
    sources = ["ident" if name == "event" else field_source(name, known) for name in layout.by]
    columns = [_column(n, i, source) for i, source in enumerate(layout.columns[kind])]
    row = ", ".join(columns) + ("," if columns else "")
    entry = f"Entry(t, ident, b{n}, ({row}), data, event.revision, event.retracted)"
    found = [f"s = find_{n}(key)"]
    if layout.peers:
        group = f"joined(({', '.join(sources[:-1])},))"
        found = [f"peers({n}, {group}, key, {entry})"]
    else:
        found += [
            f"if s is None: s = create_{n}(key, t, ident)",
            "if s is None: pass",
            "elif plain and t > s.watermark and s.revised is None:",
            *indent(_in_order(n, layout, kind, columns)),
            f"else: revise({n}, s, {entry})",
        ]
    absent = [source for source in sources if source != "ident"]
    lines = [*_key(sources), *found]
    if absent:
        lines = [f"if {' and '.join(f'{source} is not None' for source in absent)}:", *indent(lines)]
    return lines if _constant(layout, kind) else [f"if b{n} or not plain:", *indent(lines)]


def _key(sources: list[str]) -> list[str]:
    if len(sources) <= 1:
        return [f"key = {sources[0] if sources else repr('college')}"]
    parts = "".join(f"{{{source}}}/" for source in sources)[:-1]
    # A slash inside a value is rare: counting them is quicker than looking for one in each value.
    return [
        f'key = f"{parts}"',
        f"if key.count('/') != {len(sources) - 1}: key = joined(({', '.join(sources)}))",
    ]


def _in_order(n: int, layout: Layout, kind: str, columns: list[str]) -> list[str]:
    stride = layout.stride
    row = ["t", "ident", f"b{n}", *columns, *["None"] * (layout.width - len(columns))]
    lines = [
        "rows = s.rows",
        "i = len(rows)",
        f"if i >= s.next_checkpoint: i = checkpoint({n}, s, t)",
        *([f"if t >= s.due: settle_{n}(s, t, i - {stride})"] if any(rule.due for rule in layout.rules) else []),
        "; ".join(f"rows.append({place})" for place in row),
        # Of a subject without a warning nobody asks who it is, unless time alone can open one.
        f"if s.episodes: touched_{n}(s); s.latest = data",
        *(["s.latest = data"] if any(rule.opens_by_time for rule in layout.rules) else []),
        f"if not s.dirty: s.dirty = True; dirtied_{n}(s)",
    ]
    mine = sum(bit for (known, _), bit in layout.conditions.items() if known == kind)
    touched = [rule for rule in layout.rules if rule.mask & mine]
    if len(touched) > _IN_FULL:
        return [*lines, f"step_{n}(s, t, b{n}, i)"]
    lines += ["s.watermark = t", f"f = b{n}"]
    when = When(here=mine, always=_constant(layout, kind), columns=tuple(columns))
    for rule in touched:
        lines += when.having(rule.mask, rule_lines(layout, rule, when))
    # Only of the rules touched: should the next instant have been put off, it is found too early, and nothing happens.
    return [*lines, *([f"if s.due < s.queued: queue_{n}(s)"] if any(rule.due for rule in touched) else [])]


class _Shown:
    """The loader of a generated module, by which tracebacks find its lines (`linecache.lazycache`)."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, name: str) -> str:
        """The source of the module."""
        del name
        return self._source


def compile_source(source: str, name: str, names: dict[str, Any]) -> dict[str, Any]:
    """Runs generated source in a namespace of its own; its lines show in tracebacks, in a file called after `name`."""
    file = f"rules/{name} {sha256(source.encode()).hexdigest()[:12]}"  # one name for one text: lines are remembered
    namespace = {**names, "__name__": file, "__loader__": _Shown(source)}
    exec(_code(source, file), namespace)  # noqa: S102 - our own text, made of checked expressions
    return namespace


@lru_cache(maxsize=1024)
def _code(source: str, file: str) -> CodeType:
    """Engines of the same rules follow each other, as at a start and when one rule of many changes."""
    return compile(source, file, "exec")
