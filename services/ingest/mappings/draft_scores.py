"""How well each meaning goes with a column: by the words of its header, its values, and what the directory knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

from services.ingest.mappings.cells import plain, word
from services.ingest.mappings.draft_shapes import Shapes
from services.ingest.mappings.draft_words import HEADERS, MEANINGS, plainer_header
from services.ingest.mappings.headers import languages_of
from services.tabular.sheets import Cell

Evidence = Literal["header", "part_of_header", "values", "directory", "beside"]

_LOOKED_AT = 60
"""Of the different values of a column."""
_ALL, _MOST_OF, _FEW = 0.95, 0.6, 0.3
_FEW_KNOWN = 0.2
_WEAK = frozenset(
    {
        "course",
        "name",
        "names",
        "number",
        "rating",
        "serial",
        "code",
        "id",
        "ids",
        "score",
        "weeks",
        "unit",
        "office",
        "cohort",
        "people",
    }
)
_LIMITS, _FEW_LIMITS = ("max_score", "pass_score"), 3
"""Columns that say the same in most rows."""
_LAST, _WITHIN, _SHARED_LAST = 1.7, 1.5, 1.0
_ENDS_AS_AN_ID = re.compile(r"(编号|编码|代码|号|id|no)$")


class Score(NamedTuple):
    """How well one meaning goes with a column."""

    meaning: str
    points: float
    exact: bool
    fits: bool
    """Everything that can be looked at agrees: the values, and the directory where it knows such a thing."""
    why: tuple[Evidence, ...]


def _sample(values: Sequence[Cell]) -> list[Cell]:
    """Some of the different values, from all of the column."""
    different = list({(type(one), one): one for one in values}.values())
    return different[:: max(1, len(different) // _LOOKED_AT)]


def scores_of(header: str, values: Sequence[Cell], shapes: Shapes) -> list[Score]:
    """The meanings that a column may have, the best first."""
    values = _sample(values)
    share_of = cache(lambda shape: shapes.share(shape, values))
    known_of = cache(lambda table: shapes.known_share(table, values))
    plainer = plainer_header(header)
    exact = _usual(header, plainer)
    found = []
    for name, meaning in MEANINGS.items():
        fits = True
        points, why = _of_header(name, exact, plainer)
        if meaning.shape == "day" and (share_of("slot") or 0) >= _ALL:
            continue  # it says more than the day
        share = share_of(meaning.shape)
        if share is not None:
            # Words of a college's own are no sign against the header that says what they are about.
            against = 0 if "." in meaning.shape and exact.get(name) else -3
            points += 2 if share >= _ALL else 1 if share >= _MOST_OF else against if share < _FEW else 0
            fits = share >= _ALL
            why += ["values"] if share >= _MOST_OF else []
        elif meaning.shape:
            fits = False  # nothing stands there, so nothing agrees
        if name in _LIMITS and values:  # 总分 may be what somebody has as well
            points += 0.5 if len(values) <= _FEW_LIMITS else -3
            fits = fits and len(values) <= _FEW_LIMITS
        share = known_of(meaning.table) if meaning.table else None
        if share is not None:
            points += 3 if share >= _ALL else 1 if share >= _MOST_OF else -2 if share < _FEW_KNOWN else 0
            fits = fits and share >= _ALL
            why += ["directory"] if share >= _MOST_OF else []
        if meaning.shape in _WEAK and not {"header", "part_of_header", "directory"} & set(why):
            continue  # so much looks like it that it says nothing
        if why and points > 0:
            found.append(Score(name, points, exact.get(name, False), fits, tuple(why)))
    return sorted(found, key=lambda one: -one.points)


def _of_header(name: str, exact: Mapping[str, bool], plainer: str) -> tuple[float, list[Evidence]]:
    if name in exact:
        return (3.0 if exact[name] else 2.0), ["header"]
    part = _part(name, plainer)
    return part, ["part_of_header"] if part else []


def _usual(header: str, plainer: str) -> dict[str, bool]:
    """Meaning → whether the header is usual for it; of one in two languages (Class 班级) what both words allow."""
    for one in (word(header), plainer, plainer.replace("时刻", "时间")):
        if found := dict(HEADERS.get(one, ())):
            return found
    said = [dict(HEADERS.get(one, ())) for one in languages_of(plain(header)) or plainer.split("/")]
    known = [one for one in said if one]
    return (
        {name: any(one[name] for one in known) for name in known[0] if all(name in one for one in known)}
        if known
        else {}
    )


def _part(name: str, header: str) -> float:
    """What it is worth that a usual header stands in this one, or the other way round.

    The last word of a Chinese header says what it is (五级制成绩 are marks), and one that ends as an id is one.
    """
    usual = [word(one) for one in MEANINGS[name].words.split() if not one.startswith("?")]
    within = [one for one in usual if len(one) > 1 and one in header]
    if within and _ENDS_AS_AN_ID.search(header) and not any(map(_ENDS_AS_AN_ID.search, within)):
        return 0.0
    if any(header.endswith(one) for one in within):
        return _LAST
    shared = [word(one[1:]) for one in MEANINGS[name].words.split() if one.startswith("?")]
    if not within and any(len(one) > 1 and header.endswith(one) and not one.isascii() for one in shared):
        return 0.0 if _ENDS_AS_AN_ID.search(header) else _SHARED_LAST
    return _WITHIN if within or (len(header) > 1 and any(header in one for one in usual)) else 0.0
