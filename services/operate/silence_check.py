"""What a silence may be about: a slip of the pen in it would let messages go out that somebody believes to wait."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from services import bounds
from services.directory import Directory
from services.errors import ConfigurationError
from services.i18n import say
from services.log.journal import Journal
from services.messages import key_values, near_words
from services.operate.explain.log import fields_with
from services.operate.explain.subjects import COLLEGE, ids_of
from services.rules.language.load import RuleSet

LONG = timedelta(days=180)
"""About a term; who wants more says so."""


def check_matchers(
    rule_set: RuleSet | None,
    directory: Directory,
    journal: Journal,
    *,
    rule: str | None,
    subject: str | None,
    department: str | None,
) -> None:
    """Raises ConfigurationError for a rule, a subject or a department that nobody knows, with the nearest.

    A subject is known by the directory or by an event; what the college has none of at all is not doubted.
    """
    rules = {} if rule_set is None else rule_set.cards
    if rule and rules and rule not in rules:
        raise _unknown("operate.no_rule_in_use", "--rule", rule, rules, "operate.one_of_rules_list")
    departments = [row.id for row in directory.tables.departments]
    if department and departments and department not in departments:
        raise _unknown("operate.no_department", "--department", department, departments, "operate.id_one")
    if subject and subject != COLLEGE:
        _check_subject(rule_set, directory, journal, subject)


def check_end(until: str, now: datetime, end: datetime, *, long: bool) -> None:
    """Raises ConfigurationError for an end that is past, out of bounds, or so far away that it is probably a slip."""
    if (wrong := bounds.of_day(end)) is not None:
        raise ConfigurationError(say("operate.until_unfit", until=until, what=wrong[0], expected=wrong[1]))
    if end <= now:
        raise ConfigurationError(say("operate.until_past", until=until))
    if end - now > LONG and not long:
        days = (end - now).days
        raise ConfigurationError(say("operate.until_far", until=until, days=days, most=LONG.days))


def _check_subject(rule_set: RuleSet | None, directory: Directory, journal: Journal, subject: str) -> None:
    known = ids_of(directory)
    unknown = tuple(part for part in key_values(subject) if part not in known)
    if not unknown:
        return
    plans = () if rule_set is None else rule_set.plan.rules
    found, seen = fields_with(journal, frozenset(name for rule in plans for name in rule.by), unknown)
    left = [part for part in unknown if part not in found.values()]
    if left and (known or seen):
        raise _unknown("operate.no_subject", "--subject", left[0], known | seen, "operate.such_as_s1")


def _unknown(what: str, option: str, value: str, known: Iterable[str], otherwise: str) -> ConfigurationError:
    expected = ", ".join(near_words(value, sorted(known), 3)) or say(otherwise)
    return ConfigurationError(say(what, option=option, value=value, expected=expected))
