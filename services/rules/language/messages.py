"""`message` of a rule: what it may name, and what of that can be missing.

A part in square brackets that names something is left out with it: `[ in {course}]`.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from services.i18n import say
from services.messages import OPTIONAL_PART, determined
from services.rules.engine.about import CONTEXT
from services.rules.language.fields import Field
from services.rules.language.reading import Place, Report, known_words

FIGURES = ("value", "threshold", "amount", "level", "subject")
"""What every message may say; amount: the value without its sign."""
CLOCK = ("duration", "due")
"""What a message may say where a clock runs: for how long, and how far from when it was due."""


class Named(NamedTuple):
    """What a message can be filled in from."""

    by: tuple[str, ...]
    known: Mapping[str, Field]
    """The fields of the kind."""
    evidence: Collection[str]
    since: str | None
    """As of RuleCard."""
    minutes: bool
    """Whether its value is a number of minutes."""


def read_message(place: Place | None, named: Named, report: Report, later: Report) -> None:
    """Reports what is wrong with both languages; in `later` what older rule sets say and newer ones may not."""
    if place is None or not isinstance(place.value, dict):
        return
    for text in place.value.values():
        try:
            names = list(_names(str(text.value)))
        except ValueError as error:
            report.add(text, say("rules.message_broken", error=error), say("rules.name_for_placeholder_for_brace"))
            continue
        for name, optional in names:
            _check(text, name, optional, named, report, later)


def _names(text: str) -> Iterator[tuple[str, bool]]:
    """Each placeholder, and whether it is left out when it is missing."""
    fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    inside = " ".join(OPTIONAL_PART.findall(text))
    optional = {name for _, name, _, _ in string.Formatter().parse(inside) if name is not None}
    outside = {name for _, name, _, _ in string.Formatter().parse(OPTIONAL_PART.sub("", text)) if name is not None}
    return ((name, name in optional and name not in outside) for name in fields)


def _check(text: Place, name: str, optional: bool, named: Named, report: Report, later: Report) -> None:
    mine = determined(named.by)
    context = {one for one in CONTEXT if one in named.known and one != "known_at"}
    clock = named.since is not None or (named.minutes and name == "duration")
    allowed = {*named.by, *FIGURES, *context, *named.evidence, *(CLOCK if named.since is not None else ())}
    if name in CLOCK and clock:
        if named.since and named.since not in named.evidence:
            what = say("rules.clock_needs_evidence", name=name, field=named.since)
            report.add(text, what, f"evidence: [{', '.join([named.since, *named.evidence])}]")
    elif name not in allowed:
        report.add(text, say("rules.no_placeholder", name=name), known_words(name, allowed))
    elif name == "value" and named.since is not None:
        later.add(text, say("rules.value_of_clock"), say("rules.duration_or_due"))
    elif name in FIGURES or name in named.by:
        return
    elif name not in mine and name not in named.evidence:
        right = known_words(name, {*named.by, *(mine & context), *named.evidence})
        later.add(text, say("rules.field_of_newest_record", name=name), right)
    elif not optional and (name not in mine or name not in named.known or named.known[name].nullable):
        later.add(text, say("rules.field_may_be_missing", name=name), say("rules.in_square_brackets", name=name))
