"""Where somebody is led after signing in: pages of ours alone (open redirects, CWE-601). Pure."""

from __future__ import annotations

import re

_OWN = re.compile(r"/(?:[A-Za-z0-9._~%@:+,=-]+(?:/[A-Za-z0-9._~%@:+,=-]+)*)?(?:\?[A-Za-z0-9._~%@:+,=&/-]*)?")
_LONGEST = 2_000


def own_path(goal: str) -> str:
    """The path if it is one of ours as browsers read it; else nothing."""
    if len(goal) > _LONGEST or not _OWN.fullmatch(goal):
        return ""
    return "" if {".", ".."} & set(goal.partition("?")[0].split("/")) else goal
