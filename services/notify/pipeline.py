"""The way of a candidate to a message, as a list of stages: `EVERYBODY` and `EACH` below. Pure.

Two producers make candidates: intake.py from the changes of warnings as they come, scheduler.py from the steps that
time makes due. A stage lets a candidate pass (None), drops it, holds it back or lets it ripen, each for a named reason.
What has passed is a row of the outbox, which sends it (outbox.py) and records what became of it (store/outbox.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from services.bounds import LATEST
from services.directory import Person
from services.messages import LEVELS, Change, Level, Mode, RuleCard, from_ms, in_key, to_ms
from services.notify import grouping
from services.notify.own import NOTHING, Everybody
from services.notify.recipients import addresses_of, queue_of
from services.notify.rows import DecisionRow, DeliveryRow, WarningRow, decode_context
from services.notify.suppression import SOURCES_AWAITED, UNTIL_THE_CASE_IS_OVER, Case, Quiet, Silence, end_of

ENDS = ("resolved", "withdrawn")
_BETWEEN_PEOPLE = ("handed_", "referred", "referral_")
"""How news begins that one person has for another: no case says it in their place."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Something that may be told: a change of a warning, or a step that is due (`news`); at last, to one person."""

    number: int
    """The warning's, in the store."""
    sequence: int
    rule: str
    row: str | None
    subject: str
    level: Level
    context: Mapping[str, str]
    card: RuleCard | None
    change: Change = "raised"
    """A step presses on, as a raise does."""
    mode: Mode = "live"
    newest: bool = True
    """False if a later change of the same warning is known already."""
    news: str = ""
    """Of a step: what it tells of instead of the change (DeliveryRow.news)."""
    at: datetime | None = None
    """Of a change: when it was, in event time. A step is asked of the present."""
    told: bool = True
    """Whether the person was told, or may have been, of an earlier change of this warning."""
    recipient: str = ""
    """The person, once it is about telling one."""
    queue: str = ""
    """The queue of the person's channel; empty if their address is none."""

    @property
    def always(self) -> bool:
        """Whether nothing holds it back: safety."""
        return self.card is not None and self.card.always

    @property
    def urgent(self) -> bool:
        """Whether it waits for no others."""
        return self.level == "red" or self.always


def _none_on_trial(_rule: str, /) -> bool:
    return False


def _nobody_exempt(_student: str, _of: str, _at: datetime, /) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the stages know beside the candidate, at one instant."""

    now: datetime
    """In the college's zone, in which hours are quiet."""
    push: bool = True
    """Whether this installation pushes at all."""
    silences: Sequence[Silence] = ()
    cases: Sequence[Case] = ()
    quiet: Quiet = field(default_factory=Quiet)
    max_age: timedelta = timedelta()
    """Whatever is about a time longer ago is shown and not told; zero: nothing is."""
    on_trial: Callable[[str], bool] = _none_on_trial
    """Whether a rule is on trial in this college, whatever its own mode."""
    sources_until: int = 0
    """Until then (ms) at the latest the sources are waited for after an outage; zero: they are not."""
    wait: int = 0
    """Milliseconds for which what is not urgent waits for more."""
    own: Everybody = field(default_factory=dict)
    """What people have set for themselves: addresses, quiet hours."""
    exempt: Callable[[str, str, datetime], str | None] = _nobody_exempt
    """Why a student is exempt from a rule at an instant (Directory.exempt), if they are."""


class Drop(NamedTuple):
    """It goes no further, to this person or to anybody."""

    reason: str


class Hold(NamedTuple):
    """It waits until an instant (ms) for a reason that is shown; longer if something else holds it by then."""

    reason: str
    until: int


class Ripen(NamedTuple):
    """It waits until an instant (ms), as a message of its kind does."""

    until: int


Verdict = Drop | Hold | Ripen | None


def overtaken(candidate: Candidate, _moment: Moment) -> Verdict:
    """What was overtaken by a later change is history only."""
    return None if candidate.newest else Drop("overtaken")


def unpushed_mode(candidate: Candidate, moment: Moment) -> Verdict:
    """Shadow rules, warm-ups and history never push, but for the end of what was told; a replay does if it may.

    Nor does what is on trial in this college.
    """
    if candidate.mode == "live" and candidate.change not in ENDS and moment.on_trial(candidate.rule):
        return Drop("mode_shadow")
    if candidate.mode not in ("shadow", "warm-up", "past") or (candidate.mode == "past" and candidate.change in ENDS):
        return None
    return Drop(f"mode_{candidate.mode.replace('-', '_')}")


def push_off(candidate: Candidate, moment: Moment) -> Verdict:
    """Pushing may be off: an import, a trial."""
    if moment.push:
        return None
    return Drop("mode_replay" if candidate.mode == "replay" else "push_off")


def age(candidate: Candidate, moment: Moment) -> Verdict:
    """An opening or a rise that is about long ago is shown, and nobody is pressed for it; its end is no news then."""
    if candidate.mode != "live" or candidate.at is None or candidate.change not in ("opened", "raised"):
        return None
    at = _known_at(candidate, candidate.at)
    own = candidate.card.max_age if candidate.card else None
    most = moment.max_age if own is None else timedelta(seconds=own)
    return Drop("too_old") if most and moment.now - at > most else None


def _known_at(candidate: Candidate, at: datetime) -> datetime:
    """When the college could first know it; it was at `at`."""
    known = candidate.context.get("known_at")
    return max(at, datetime.fromisoformat(known)) if known else at


def _brought_later(candidate: Candidate, moment: Moment) -> bool:
    """Whether it is a change that the college could know hours ago, and that waits for others: a file brought it."""
    if candidate.at is None or candidate.news or candidate.always or not moment.wait:
        return False
    return moment.now - _known_at(candidate, candidate.at) > grouping.BROUGHT_LATER


def good_end(candidate: Candidate, _moment: Moment) -> Verdict:
    """That something became less bad is shown, not pushed; nor that it is good no more, or that results are old."""
    if candidate.change == "resolved" and candidate.level == "praise":
        return Drop("end_of_praise_is_not_pushed")
    return Drop("lowered_is_not_pushed") if candidate.change == "lowered" else None


def low_level(candidate: Candidate, _moment: Moment) -> Verdict:
    """Below `notify: {from: …}` it is shown, and in summaries; of its end hears who was told."""
    least = candidate.card.tell_from if candidate.card else None
    too_low = least is not None and LEVELS.index(candidate.level) < LEVELS.index(least)
    return Drop("only_shown_at_this_level") if too_low and candidate.change in ("opened", "raised") else None


def exempt(candidate: Candidate, moment: Moment) -> Verdict:
    """A warning of a rule that its student is exempt from is shown; of its end hears who was told before that."""
    presses_on = candidate.change in ("opened", "raised") and candidate.news != "outcome"
    student = candidate.context.get("student")
    # The context of a warning about a class names the student of its newest record.
    if not presses_on or student is None or not in_key(student, candidate.subject):
        return None
    exempt_then = moment.exempt(student, candidate.rule, candidate.at or moment.now) is not None
    return Drop("exempt") if exempt_then else None


def settle(candidate: Candidate, moment: Moment) -> Verdict:
    """A summary, and a figure that is made of many records, red too, wait until nothing more comes."""
    wait = None if candidate.news or candidate.change in ENDS else settling(candidate.card)
    return None if wait is None else Ripen(to_ms(moment.now) + wait)


def sources(candidate: Candidate, moment: Moment) -> Verdict:
    """After an outage, what accuses by what did not come waits until the sources have caught up; its end does not."""
    accuses = candidate.card is not None and candidate.card.by_absence and candidate.change not in ENDS
    waits = accuses and to_ms(moment.now) < moment.sources_until
    return Hold(SOURCES_AWAITED, moment.sources_until) if waits else None


def inhibit(candidate: Candidate, moment: Moment) -> Verdict:
    """A part of an open case of a higher level waits until the case is over; what is between people does not."""
    about = (candidate.row, candidate.subject, candidate.level)
    if (
        candidate.always
        or candidate.news.startswith(_BETWEEN_PEOPLE)
        or not any(case.has_part(*about) for case in moment.cases)
    ):
        return None
    return Hold("part_of_case", UNTIL_THE_CASE_IS_OVER)


def mute(candidate: Candidate, moment: Moment) -> Verdict:
    """What is not red waits for the end of quiet hours, the college's and the person's own."""
    end = _end_of_quiet(candidate, moment, moment.now)
    reason = "quiet_hours" if moment.quiet.until(moment.now) is not None else "own_quiet_hours"
    return Hold(reason, end) if end else None


def silence(candidate: Candidate, moment: Moment) -> Verdict:
    """What somebody has silenced waits for the longest of its silences, and for the quiet that this ends in."""
    now = to_ms(moment.now)
    about = (candidate.rule, candidate.subject, candidate.context)
    ends = [one.ends for one in moment.silences if one.begins <= now < one.ends and one.matches(*about)]
    if candidate.always or not ends or max(ends) < _end_of_quiet(candidate, moment, moment.now):
        return None
    # A store may hold one until the end of all years, which no zone east of Greenwich has.
    end = min(from_ms(max(ends)), LATEST).astimezone(moment.now.tzinfo)
    return Hold("silenced", max(to_ms(end), _end_of_quiet(candidate, moment, end)))


def _end_of_quiet(candidate: Candidate, moment: Moment, at: datetime) -> int:
    """The end (ms) of the quiet hours that an instant is in; 0 if it is in none, or they do not count."""
    own = moment.own.get(candidate.recipient, NOTHING).quiet
    end = None if candidate.urgent else end_of((moment.quiet, own), at)
    return to_ms(end) if end is not None else 0


def group(candidate: Candidate, moment: Moment) -> Verdict:
    """What is not urgent waits for others to the same person; what settles has waited for its own.

    What a file of yesterday brings, red too, is told with what settles of it: one message, not two.
    """
    if _brought_later(candidate, moment):
        return Ripen(to_ms(moment.now + grouping.WITH_WHAT_SETTLES))
    if candidate.urgent or (settling(candidate.card) is not None and not candidate.news):
        return None
    return Ripen(to_ms(moment.now) + moment.wait)


def deduplicate(candidate: Candidate, _moment: Moment) -> Verdict:
    """An end is news only to those who heard of the beginning."""
    return Drop("was_not_told") if candidate.change in ENDS and not candidate.told else None


def fan_out(candidate: Candidate, _moment: Moment) -> Verdict:
    """It goes to the person's best channel; the outbox tries the others. An address that is none has no queue."""
    return None if candidate.queue else Drop("no_channel")


UNREACHABLE = frozenset({"no_channel", "nobody_holds_role"})
"""Reasons for which somebody hears nothing that waiting does not mend: the next step of a chain is taken at once."""
Stage = tuple[str, Callable[[Candidate, Moment], Verdict]]
"""Its name in the store, and what it asks."""
EVERYBODY: tuple[Stage, ...] = (
    ("order", overtaken),
    ("mode", unpushed_mode),
    ("setting", push_off),
    ("change", good_end),
    ("level", low_level),
    ("age", age),
    ("exemption", exempt),
)
"""Of a change, asked once. A step was asked when its chain began."""
EACH: tuple[Stage, ...] = (
    ("exemption", exempt),
    ("settle", settle),
    ("sources", sources),
    ("inhibit", inhibit),
    ("mute", mute),
    ("silence", silence),
    ("group", group),
    ("earlier telling", deduplicate),
    ("channel", fan_out),
)
"""Of a change or a step, asked for each person. An exemption may have begun since the chain of a step did."""


def not_pushed(candidate: Candidate, moment: Moment) -> str:
    """The reason of the first stage that keeps it from everybody; empty if it goes on to each person."""
    for _, ask in EVERYBODY:
        if isinstance(verdict := ask(candidate, moment), Drop):
            return verdict.reason
    return ""


def tell(
    candidate: Candidate, person: Person, moment: Moment, mail: str | None, *, told: bool = True
) -> tuple[DeliveryRow | None, DecisionRow | None]:
    """The message to the person, and why they are not told or not at once. `mail`: the college's mail server."""
    own = moment.own.get(person.id, NOTHING).address
    queue = next(map(queue_of, addresses_of(person, mail, own)), "")
    candidate = msgspec.structs.replace(candidate, told=told, queue=queue, recipient=person.id)
    now = to_ms(moment.now)
    not_before, until, decision = now, 0, None
    for stage, ask in EACH:
        match ask(candidate, moment):
            case Drop(reason):
                return None, decide(candidate, person.id, stage, reason)
            case Hold(reason, end) if end >= until:
                until, decision = end, decide(candidate, person.id, stage, reason)
            case Ripen(end):
                not_before = max(not_before, end)
    delivery = DeliveryRow(
        warning=candidate.number,
        sequence=candidate.sequence,
        recipient=person.id,
        channel=queue,
        news=candidate.news,
        next_try_at=max(not_before, until),
        not_before=not_before,
        urgent=int(candidate.urgent and not _brought_later(candidate, moment)),
        created_at=now,
    )
    return delivery, decision


def held_until(candidate: Candidate, moment: Moment) -> tuple[int, str, str]:
    """How long (ms) what is in the outbox already is held, by which stage, and why; (0, "", "") if nothing holds it."""
    longest = (0, "", "")
    for stage, ask in EACH:
        verdict = ask(candidate, moment)
        if isinstance(verdict, Hold) and verdict.until >= longest[0]:
            longest = (verdict.until, stage, verdict.reason)
    return longest


def decide(candidate: Candidate, whom: str, stage: str, reason: str) -> DecisionRow:
    """Why somebody, or the holders of a role, are not told, or not yet."""
    return DecisionRow(warning=candidate.number, sequence=candidate.sequence, whom=whom, stage=stage, reason=reason)


def settling(card: RuleCard | None) -> int | None:
    """Milliseconds for which a message waits for more records; none if its figure is one record's."""
    wait = None if card is None else card.settle if card.summary is None else card.summary
    return None if wait is None else int(wait * 1000)


def of_warning(row: WarningRow, card: RuleCard | None, news: str = "") -> Candidate:
    """The candidate of a warning as it stands: for a step that is due, or to look at what is held anew."""
    return Candidate(
        number=row.number,
        sequence=row.sequence,
        rule=row.rule,
        row=row.row,
        subject=row.subject,
        level=row.level,
        context=decode_context(row.context),
        card=card,
        news=news,
    )
