"""Words that the operators' answers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from services.directory import ROLES, role_word
from services.i18n import render, say
from services.messages import EscalationStep, Text
from services.notify.texts import LEVEL_WORDS, Language, of
from services.operate.reasons.sentences import number

Say = Callable[..., str]
"""(id of a text, its parameters) → its words in the language that is read."""


def saying(language: Language) -> Say:
    """How texts are said to one reader."""

    def told(text: str, **parameters: object) -> str:
        return render(say(text, **parameters), language)

    return told


def level_word(level: str, language: Language) -> str:
    """The level as it stands in a line."""
    return of(LEVEL_WORDS[level], language).lower()


def numbers(values: Iterable[float]) -> str:
    """Figures one behind the other: `20, 30, 40`."""
    return ", ".join(number(value) for value in values)


def role_title(role: str) -> Text:
    """What people call a role."""
    word = ROLES.get(role_word(role))
    return word.title if word else Text(role, role)


def step_words(step: EscalationStep) -> str:
    """`1d` of working days, `4h` of service hours, `15m` of the clock."""
    if step.days:
        return f"{step.days}d"
    return wait_words(step.service) if step.service else f"{wait_words(step.after)} (clock)"


def wait_words(seconds: float) -> str:
    """A wait as rules write it: `24h`, `3d`."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0 and (unit != "d" or seconds >= 2 * size):
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"
