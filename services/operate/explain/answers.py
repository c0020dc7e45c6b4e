"""One answer of `prewarn why`: the stage that decided, what the rules find, and what notify's store says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.i18n import both, say, term
from services.messages import Evidence, Rejection, Text, WarningChange, from_ms
from services.notify.rows import DeliveryRow
from services.notify.store.views import Dossier
from services.notify.suppression import HELD, UNTIL_THE_CASE_IS_OVER
from services.operate.explain.answered import (
    Answer,
    EndedAnswer,
    EvidenceAnswer,
    FindingAnswer,
    RejectAnswer,
    StandardAnswer,
    ToldAct,
    ToldAnswer,
    ToldChange,
    ToldDecision,
    ToldDelivery,
    ToldRecipient,
)
from services.operate.explain.standards import judgement_of
from services.operate.reasons.standing import Standing
from services.rules.language.load import RuleSet
from services.rules.language.rules import Placed

_SHOWN_LATE = 3
_UNHEARD = {"no_record", "no_matching_record"}
_NOT_PUSHED_STAGE = {
    "overtaken": "order",
    "push_off": "setting",
    "only_shown_at_this_level": "level",
    "exempt": "exemption",
    "too_old": "age",
}
_NOT_TAKEN_IN = Text(
    "规则已判定预警，通知服务尚未接收（服务未运行，或规则文件刚改过）",
    "the rules find a warning that notify has not taken in (it is not running, or the rule files are newer)",
)


@dataclass(frozen=True)
class Sides:
    """What all answers to one question share."""

    rules: RuleSet
    running: str
    """Version of the rule set that the running service evaluates by."""
    at: int
    told: Callable[[str, str], list[Dossier]]
    """(rule, subject) → its warnings in notify's store, the newest first."""
    rejects: list[tuple[int, Rejection]]
    late: frozenset[str]
    """`source id` of the subject's records that the running rules have put aside as late."""
    scope: dict[str, str]
    """What the directory knows of the subject: chooses the standard as long as there is no record."""


def answer(one: Standing, sides: Sides) -> Answer:
    """The answer about one rule and subject."""
    placed = next(placed for placed in sides.rules.placed if placed.rule.id == one.rule)
    dossiers = sides.told(one.rule, one.subject)
    notify = _told(dossiers[0], sides) if dossiers else None
    stage, reason, why = _deciding(one, notify, sides)
    return Answer(
        rule=one.rule,
        row=placed.rule.card.row,
        title=placed.rule.card.title,
        subject=one.subject,
        status=one.status,
        level=one.level,
        stage=stage,
        reason=reason,
        why=why,
        value=one.value,
        threshold=one.threshold,
        distance=one.distance,
        levels=one.levels,
        window=one.window,
        records=one.records,
        standard=_standard(one, placed, sides),
        rule_version=sides.rules.version,
        file=placed.place.file,
        line=placed.place.line,
        mode=placed.rule.card.mode,
        evidence=[
            EvidenceAnswer(source=record.source, id=record.id, at=_local(record.at, sides), fields=record.fields)
            for record in one.evidence
        ],
        opened_at=None if one.opened_at is None else _local(one.opened_at, sides),
        next_at=None if one.next_at is None else _local(one.next_at, sides),
        last=_last(one.last, sides),
        finding=FindingAnswer(reason=one.reason, why=one.why),
        notify=notify,
        rejects=[
            RejectAnswer(number=number, reasons=[str(reason) for reason in reject.reasons])
            for number, reject in (sides.rejects if one.reason in _UNHEARD else ())
        ],
    )


def _deciding(one: Standing, notify: ToldAnswer | None, sides: Sides) -> tuple[str, str, Text]:
    """The stage that decided what became of it, the named reason, and words."""
    if one.status == "open":
        if not notify and (late := [ident for record in one.evidence if (ident := _ident(record)) in sides.late]):
            return "rules", "late", both(say("operate.rests_on_late", records=", ".join(late[:_SHOWN_LATE])))
        return _of_notify(notify) if notify else ("take-in", "not_taken_in", _NOT_TAKEN_IN)
    if one.reason in _UNHEARD and sides.rejects:
        number = sides.rejects[-1][0]
        why = Text(
            f"有相关记录被拒收（prewarn rejected show {number}）；{one.why.zh}",
            f"a record about it was refused (prewarn rejected show {number}); {one.why.en}",
        )
        return "ingest", "rejected", why
    return "rules", one.reason, one.why


def _ident(record: Evidence) -> str:
    return f"{record.source} {record.id}"


def _of_notify(told: ToldAnswer) -> tuple[str, str, Text]:
    """What became of the newest change of a warning that is open."""
    newest = told.changes[-1]
    if reason := newest.not_pushed:
        stage = "mode" if reason.startswith("mode_") else _NOT_PUSHED_STAGE.get(reason, "change")
        return f"notify: {stage}", reason, term("reason", reason)
    sent = [one for one in told.deliveries if one.sequence == newest.sequence]
    stopped = [one for one in told.decisions if one.sequence == newest.sequence]
    held = [one for one in stopped if one.reason in HELD]
    if held and any(one.held for one in sent) and not any(one.status == "sent" for one in sent):
        return f"notify: {held[-1].stage}", held[-1].reason, term("reason", held[-1].reason)
    if sent:
        best = next((one for one in sent if one.status == "sent"), sent[-1])
        status, channel, whom = best.status, best.channel, best.recipient
        words = term("delivery", status)
        return "outbox", status, Text(f"{whom} {channel}：{words.zh}", f"{whom} {channel}: {words.en}")
    if stopped:
        reason = stopped[-1].reason
        return f"notify: {stopped[-1].stage}", reason, term("reason", reason)
    return "notify", "nobody", both(say("operate.there_nobody_tell"))


def _told(dossier: Dossier, sides: Sides) -> ToldAnswer:
    """What the store has of one warning, up to the instant."""
    row = dossier.warning
    changes = [one for one in dossier.changes if one.at <= sides.at] or dossier.changes[:1]
    last = changes[-1].sequence
    return ToldAnswer(
        warning=row.id,
        status=row.status,
        level=row.level,
        value=row.value,
        threshold=row.threshold,
        rule_version=row.rule_version,
        standard=row.standard,
        opened_at=_local(from_ms(row.opened_at), sides),
        acknowledged_by=row.acknowledged_by,
        changes=[
            ToldChange(
                sequence=one.sequence,
                change=one.change,
                level=one.level,
                value=one.value,
                threshold=one.threshold,
                reason=one.reason,
                at=_local(from_ms(one.at), sides),
                mode=one.mode,
                rule_version=one.rule_version,
                not_pushed=one.not_pushed,
            )
            for one in changes
        ],
        recipients=[ToldRecipient(person=one.person, role=one.role) for one in dossier.recipients],
        deliveries=[
            ToldDelivery(
                sequence=one.sequence,
                recipient=one.recipient,
                channel=one.channel,
                status=one.status,
                attempts=one.attempts,
                last_error=one.last_error,
                sent_at=_at(one.sent_at, sides),
                held=_held(one),
                held_until=_at(one.next_try_at, sides) if _held(one) and _ends(one) else None,
            )
            for one in dossier.deliveries
            if one.sequence <= last
        ],
        acts=[
            ToldAct(
                at=_local(from_ms(one.at), sides),
                person=one.person,
                action=one.action,
                text=one.text,
                detail=one.detail,
            )
            for one in dossier.acts
            if one.at <= sides.at
        ],
        decisions=[
            ToldDecision(sequence=one.sequence, whom=one.whom, stage=one.stage, reason=one.reason)
            for one in dossier.decisions
            if one.sequence <= last
        ],
    )


def _held(row: DeliveryRow) -> bool:
    """Not tried yet, and not to be before some later moment."""
    return row.status == "pending" and row.attempts == 0 and (row.next_try_at or 0) > row.created_at


def _ends(row: DeliveryRow) -> bool:
    """Whether the wait has an end that is known: that of a part ends when its case is over."""
    return row.next_try_at != UNTIL_THE_CASE_IS_OVER


def _standard(one: Standing, placed: Placed, sides: Sides) -> StandardAnswer | None:
    if placed.rule.standard is None:
        return None
    return judgement_of(
        sides.rules.standards[placed.rule.standard], [placed], one.scope or sides.scope, sides.at, sides.rules.zone
    )


def _last(change: WarningChange | None, sides: Sides) -> EndedAnswer | None:
    if change is None:
        return None
    return EndedAnswer(
        change=change.change,
        level=change.facts.level,
        at=_local(change.at, sides),
        reason=change.reason,
        why=term("reason", change.reason),
    )


def _local(moment: datetime, sides: Sides) -> str:
    return moment.astimezone(sides.rules.zone).isoformat(timespec="seconds")


def _at(milliseconds: int | None, sides: Sides) -> str | None:
    return None if milliseconds is None else _local(from_ms(milliseconds), sides)
