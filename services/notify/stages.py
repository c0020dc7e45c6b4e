"""The way of a change to a push, as a visible list of small stages; each may stop it, with a named reason. Pure.

Stages about the change come first and are asked once; stages about a recipient are asked for each of them. What groups,
mutes or delays joins the list of its kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from services.messages import Change, Mode


class Transition(NamedTuple):
    """A change as the stages see it."""

    change: Change
    mode: Mode
    newest: bool
    """False if a later change of the same warning is known already."""
    push: bool
    """Whether this installation pushes at all."""
    too_low: bool = False
    """Whether its rule tells nobody of this level."""
    praise: bool = False


class Candidate(NamedTuple):
    """One recipient of a change."""

    change: Change
    told: bool
    """Whether the person was told, or may have been, of an earlier change of this warning."""
    channel: str
    """The queue of the person's channel; empty if their address is none."""


class Stop(NamedTuple):
    """A decision not to push: which stage, and why."""

    stage: str
    reason: str


def by_order(transition: Transition) -> str:
    """What was overtaken by a later change is history only."""
    return "" if transition.newest else "overtaken"


def by_mode(transition: Transition) -> str:
    """Shadow rules and warm-ups never push; a replay does if pushing is on."""
    return f"mode_{transition.mode.replace('-', '_')}" if transition.mode in ("shadow", "warm-up") else ""


def by_setting(transition: Transition) -> str:
    """Pushing may be off: an import, a trial."""
    if transition.push:
        return ""
    return "mode_replay" if transition.mode == "replay" else "push_off"


def by_change(transition: Transition) -> str:
    """That something became less bad is shown, not pushed; nor that it is good no more, or that results are old."""
    if transition.change == "resolved" and transition.praise:
        return "end_of_praise_is_not_pushed"
    return "lowered_is_not_pushed" if transition.change == "lowered" else ""


def by_earlier_telling(candidate: Candidate) -> str:
    """An end is news only to those who heard of the beginning."""
    return "was_not_told" if candidate.change in ("resolved", "withdrawn") and not candidate.told else ""


def by_channel(candidate: Candidate) -> str:
    """An address that cannot be one."""
    return "" if candidate.channel else "no_channel"


def by_level(transition: Transition) -> str:
    """Below `notify: {from: …}` it is shown, and in summaries."""
    return "only_shown_at_this_level" if transition.too_low and transition.change in ("opened", "raised") else ""


CHANGE_STAGES: tuple[tuple[str, Callable[[Transition], str]], ...] = (
    ("order", by_order),
    ("mode", by_mode),
    ("setting", by_setting),
    ("change", by_change),
    ("level", by_level),
)
RECIPIENT_STAGES: tuple[tuple[str, Callable[[Candidate], str]], ...] = (
    ("earlier telling", by_earlier_telling),
    ("channel", by_channel),
)


def stop_change(transition: Transition) -> Stop | None:
    """The first stage that keeps the change from everybody."""
    return next((Stop(stage, reason) for stage, ask in CHANGE_STAGES if (reason := ask(transition))), None)


def stop_recipient(candidate: Candidate) -> Stop | None:
    """The first stage that keeps the change from this recipient."""
    return next((Stop(stage, reason) for stage, ask in RECIPIENT_STAGES if (reason := ask(candidate))), None)
