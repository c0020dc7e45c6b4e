"""Which level the grades of the parts make together: the table of a composite, by forward chaining with durable-rules.

Everything that a composite can ever meet is asked beforehand, once per set of cases: at most a few hundred sets of
grades. So durable-rules runs neither in the stream nor in a worker's process, where its crashes could harm something
(docs/decisions/0005-composites-are-tables.md lists them): a child process of its own makes the table and ends. Where
that does not come back with a whole table, or durable-rules is not installed, plain comparing makes the same one.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from functools import cache
from itertools import combinations_with_replacement

import msgspec

_log = logging.getLogger(__name__)
PATIENCE = 30
"""Seconds."""
Cases = tuple[tuple[int, tuple[int, ...]], ...]
"""(number of the level, the grades that make it, highest first): for each of them another part with at least this."""
Table = tuple[tuple[str, int], ...]
"""The highest grades that there are, a digit each, highest first → number of the highest level; no level: left out."""


@cache
def table_of(cases: Cases, grades: int) -> Table:
    """The table of cases over `grades` grades, 1 being the lowest."""
    keys = keys_of(cases, grades)
    try:
        found = _by_chaining(cases, keys)
    except (OSError, subprocess.SubprocessError, ValueError, msgspec.MsgspecError) as error:
        _log.warning("durable-rules did not decide a composite, comparing does: %s", error)
        found = by_comparing(cases, keys)
    return tuple((key, level) for key, level in sorted(found.items()) if level)


def keys_of(cases: Cases, grades: int) -> list[str]:
    """All sets of grades that matter: no case looks at more than the highest few."""
    longest = max(len(wanted) for _, wanted in cases)
    falling = range(grades, 0, -1)
    some = [one for n in range(1, longest + 1) for one in combinations_with_replacement(falling, n)]
    return ["".join(map(str, one)) for one in some]


def by_comparing(cases: Cases, keys: list[str]) -> dict[str, int]:
    """The highest level of each set of grades: the n-th highest of them is at least the n-th highest that is wanted."""
    return {key: max((level for level, wanted in cases if _meets(key, wanted)), default=0) for key in keys}


def _meets(key: str, wanted: tuple[int, ...]) -> bool:
    return len(wanted) <= len(key) and all(int(grade) >= least for grade, least in zip(key, wanted, strict=False))


def _by_chaining(cases: Cases, keys: list[str]) -> dict[str, int]:
    # Isolated: with -m a `json.py` in the current folder would be run. The file needs no other one of ours.
    child = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-I", __file__],
        input=json.dumps([cases, keys]),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if child.returncode:
        raise ValueError((child.stderr.strip().splitlines() or [f"exit code {child.returncode}"])[-1])
    found = msgspec.json.decode(child.stdout, type=dict[str, int])
    if found.keys() != set(keys):
        raise ValueError("not every set of grades was decided")
    return found


def main() -> None:
    """The child: reads [cases, keys] from standard input, writes the table to standard output."""
    from durable import lang  # noqa: PLC0415 - in no other process

    cases, keys = json.load(sys.stdin)
    reached: list[tuple[str, int]] = []

    def rule(level: int, wanted: list[int]) -> None:
        # One fact with the grades, highest first, instead of a fact each: a join crashed where two rules had the same
        # names for their facts, and left matches out where they had not.
        condition = lang.m.grade0 >= wanted[0]
        for n, least in list(enumerate(wanted))[1:]:
            condition = condition & (getattr(lang.m, f"grade{n}") >= least)
        # An action must not raise, nor touch its state: both are found out only later, or never.
        lang.when_all(condition)(lambda c: reached.append((c.s.sid, level)))

    with lang.ruleset("composite"):
        for level, wanted in [(0, [1]), *cases]:  # a fact that matches nothing would be refused
            rule(level, wanted)
    for key in keys:
        fact = {f"grade{n}": int(grade) for n, grade in enumerate(key)}
        lang.assert_fact("composite", {"sid": f"s{key}", "id": key, **fact})
        lang.delete_state("composite", f"s{key}")
    json.dump({key: max((level for sid, level in reached if sid == f"s{key}"), default=0) for key in keys}, sys.stdout)


if __name__ == "__main__":
    main()
