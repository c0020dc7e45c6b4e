"""`prewarn directory check` put together: the rules, the people, and whether messages can be sent to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from services import directory as directories
from services.directory import Asked, Checked, Directory
from services.notify.channels.addresses import doubt
from services.notify.recipients import STUDENT
from services.rules.language.load import RuleSet


def check(rules: RuleSet, directory: Directory, at: datetime, *, mail: bool, students: bool = False) -> Checked:
    """Each rule with all that it can warn about on the day of `at`.

    `mail`: the college has named its mail server; `students`: they are told, too, where a rule names them.
    """

    def told(words: Iterable[str]) -> tuple[str, ...]:
        return tuple(word for word in words if students or directories.role_word(word) != STUDENT)

    asked = [
        Asked(rule.id, rule.by, told(rule.card.to), told(step.to for step in rule.card.escalate))
        for rule in rules.plan.rules
    ]
    return directories.check(directory, asked, at, partial(doubt, mail=mail))
