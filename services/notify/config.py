"""What a college sets of notify."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from services.accounts.asked import LeavePolicy
from services.accounts.permissions import REFERRED_TO
from services.notify.appeals import Policy as AppealPolicy
from services.notify.channels.own import Policy, read_policy
from services.notify.deadlines import AroundTheClock, WorkingTime
from services.notify.grouping import Grouping
from services.notify.own import Everybody
from services.notify.pipeline import Moment
from services.notify.privacy import Allowed, read_allowed
from services.notify.referring import read_offices
from services.notify.retry_policy import RetryPolicy
from services.notify.suppression import Case, Quiet, Silence, read_quiet
from services.notify.trial import Trial
from services.settings import Settings

CHINA = ZoneInfo("Asia/Shanghai")


def _none_on_trial(_rule: str, /) -> bool:
    return False


def _not_awaited() -> int:
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyConfig:
    """How one Notify works. `of_settings` makes it from the environment."""

    store_url: str
    home: Path
    base_url: str
    """Where people reach the pages, for the links in messages; without a slash at the end."""
    push: bool
    """Off, warnings are shown on the pages and nothing is sent."""
    zone: ZoneInfo = CHINA
    """The college's: hours are quiet in it, and a person is there until the end of their last day."""
    mail: str | None = None
    """Apprise URL of the college's mail server, without a recipient."""
    quiet: Quiet = field(default_factory=Quiet)
    grouping: Grouping = field(default_factory=Grouping)
    allowed: Allowed = field(default_factory=Allowed)
    """Channels whose messages may name people and figures."""
    own_channels: Policy = field(default_factory=Policy)
    """Which kinds of addresses people may set for themselves; by default none."""
    own_quiet: Quiet = field(default_factory=Quiet)
    """The hours and days among which people may choose quiet ones of their own; by default none."""
    max_age: timedelta = timedelta()
    """Of openings and rises that are told; zero: of any age."""
    students: bool = False
    """Whether students are told of warnings about them."""
    offices: tuple[str, ...] = REFERRED_TO
    """Roles that a warning can be referred to, as far as they reach somebody."""
    referral_days: int = 2
    """Working days after which a referral that nobody has accepted goes up."""
    parents: bool = False
    """Whether it is noted that parents were informed."""
    student_pages: bool = False
    """Whether students may open their own page."""
    leave: LeavePolicy = LeavePolicy()  # noqa: RUF009 - a tuple of values
    """Of requests for leave on the pages."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    working: WorkingTime = field(default_factory=AroundTheClock)
    appeals: AppealPolicy = field(default_factory=AppealPolicy)
    """Whether and how records can be appealed against."""
    on_trial: Callable[[str], bool] = _none_on_trial
    """Whether a rule is on trial in this college, whatever its own mode."""
    sources_until: Callable[[], int] = _not_awaited
    """Until when (ms) the sources are waited for after an outage; 0: they are not."""

    @property
    def trial(self) -> bool:
        """Whether rules of this college begin on trial."""
        return self.on_trial is not _none_on_trial

    def moment(self, now: datetime, silences: Sequence[Silence], own: Everybody, cases: Sequence[Case] = ()) -> Moment:
        """What the pipeline asks at an instant; whoever has new candidates adds the directory's exemptions."""
        return Moment(
            now=now.astimezone(self.zone),
            push=self.push,
            silences=silences,
            cases=cases,
            own=own,
            quiet=self.quiet,
            wait=self.grouping.wait_ms,
            max_age=self.max_age,
            on_trial=self.on_trial,
            sources_until=self.sources_until(),
        )


class Calendar(WorkingTime, Protocol):
    """What notify asks of the college's calendar."""

    def day_off(self, day: date, /) -> bool | None:
        """Whether nobody works then, whatever the weekday; None where the weekday decides."""


def of_settings(settings: Settings, zone: ZoneInfo, calendar: Calendar, *, push: bool) -> NotifyConfig:
    """Raises ConfigurationError."""
    return NotifyConfig(
        store_url=settings.store_url,
        home=settings.home,
        base_url=settings.public_url.rstrip("/"),
        push=push,
        zone=zone,
        mail=settings.mail_server,
        quiet=read_quiet(settings.quiet, calendar.day_off),
        grouping=Grouping(*settings.grouping),
        allowed=read_allowed(settings.names),
        own_channels=read_policy(settings.own_channels),
        own_quiet=read_quiet(settings.own_quiet, calendar.day_off, setting="PREWARN_OWN_QUIET"),
        max_age=timedelta(seconds=settings.max_age),
        students=settings.students,
        offices=read_offices(settings.referrals),
        referral_days=settings.referral_days,
        parents=settings.parents,
        student_pages=settings.student_pages,
        leave=LeavePolicy(settings.student_leave, settings.tutor_grants, settings.leave_back),
        working=calendar,
        appeals=AppealPolicy(settings.appeals, settings.appeal_slips, settings.appeal_days),
        on_trial=Trial(settings.home).holds if settings.trial else _none_on_trial,
    )
