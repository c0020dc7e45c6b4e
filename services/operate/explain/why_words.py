"""What a person reads of `prewarn why`."""

from __future__ import annotations

from services.i18n import term, terms
from services.i18n.windows import window
from services.notify.texts import Language, of
from services.operate.explain.answered import Answer, EndedAnswer, ToldAct, ToldAnswer, WhyAnswer
from services.operate.explain.standards import standard_lines
from services.operate.explain.words import Say, level_word, role_title, saying
from services.operate.reasons.sentences import SIGNS, number
from services.operate.reasons.standing import LevelNow

_SHOWN = 20
"""Records that do not count or came too late, the newest."""


def why_lines(found: WhyAnswer, language: Language) -> list[str]:
    """The answers, warnings first; a rule that is silent takes one line, unless it was asked for."""
    say = saying(language)
    head = say("operate.as_of", subject=found.subject, at=found.at)
    lines = [f"{head}  {say('operate.rule_set')} {found.rule_version}"]
    if found.running_rule_version not in ("", found.rule_version):
        running = found.running_rule_version
        lines.append(say("operate.running_rule_set_not_that", running=running))
    if found.ahead:
        lines.append(say("operate.still_to_come"))
    if n := found.known_later:
        lines.append(say("operate.came_in_later", n=n))
    if found.not_evaluated_yet:
        n = found.not_evaluated_yet
        lines.append(say("operate.rows_log_not_evaluated_yet", n=n))
    lines += [
        say("operate.was_put_aside_as_late", at=one.at, kind=one.kind, record=one.record)
        for one in found.late[-_SHOWN:]
    ]
    for one in found.not_counted[-_SHOWN:]:
        reason = of(term("not_counted", one.reason), language)
        at, kind, ident = one.at, one.kind, f"{one.source} {one.id}"
        lines.append(say("operate.does_not_count", at=at, kind=kind, record=ident, reason=reason))
    if found.note:
        lines.append(found.note.zh if language == "zh" else found.note.en)
    for answer in found.answers:
        if found.asked_rule is None and answer.status != "open":
            ended = f"; {_last(answer.last, language, say)}" if answer.last else ""
            lines.append(f"· {answer.rule} {answer.subject}: {of(answer.why, language)} [{answer.reason}]{ended}")
        else:
            lines += ["", *_answer(answer, language, say)]
    return lines


def _answer(one: Answer, language: Language, say: Say) -> list[str]:
    state = level_word(one.level, language) if one.level else say("operate.no_warning")
    lines = [
        f"{one.rule}  {of(one.title, language)}  {one.subject}: {state}",
        f"  {say('operate.decided_by')} {one.stage}: {of(one.why, language)} [{one.reason}]",
    ]
    if one.stage != "rules":
        lines.append(f"  {say('operate.rules')} {of(one.finding.why, language)} [{one.finding.reason}]")
    records = say("operate.records", records=one.records)
    lines.append(
        f"  {say('operate.value')} {number(one.value)}  {say('operate.threshold')} {number(one.threshold)}"
        + (f"  {say('operate.away')} {number(one.distance)}" if one.distance is not None else "")
        + f"  {say('operate.window_2')} {of(window(one.window), language)}{records}"
    )
    if one.levels:
        steps = [level for level in one.levels if level.threshold is not None or not level.step]
        lines.append("  " + "  ".join(_level(level, language) for level in steps))
    if one.opened_at:
        lines.append(f"  {say('operate.since')} {one.opened_at}")
    if one.next_at:
        lines.append(f"  {say('operate.time_alone_may_change_it')} {one.next_at}")
    if one.last:
        lines.append(f"  {_last(one.last, language, say)}")
    if one.standard:
        lines += [f"  {line}" for line in standard_lines(one.standard, language)]
    for record in one.evidence:
        shown = ", ".join(f"{name} {value}" for name, value in record.fields.items())
        lines.append(f"  - {record.at}  {record.source} {record.id}  {shown}")
    for reject in one.rejects:
        lines.append(f"  {say('operate.refused')} {reject.number}: {'; '.join(reject.reasons)}")
    lines.append(f"  {one.file}:{one.line}")
    return lines + ([] if one.notify is None else _notify(one.notify, language, say))


def _last(last: EndedAnswer, language: Language, say: Say) -> str:
    """How the last warning ended."""
    ended = of(term("change", last.change), language)
    return f"{say('operate.last_warning')}: {ended} {last.at}, {of(last.why, language)}"


def _act(act: ToldAct, language: Language) -> str:
    """Who did what with a warning, or what time did."""
    action = of(term("action", act.action), language)
    of_office = act.action.startswith("refer")
    table = "verdict" if act.detail in terms("verdict") else "closing"
    detail = role_title(act.detail) if of_office else term(table, act.detail)
    if act.action in ("escalated", "escalation_failed", "referral_unattended"):
        return f"    {act.at}  {action} {of(role_title(act.text), language)}"
    more = "".join(f"; {text}" for text in (of(detail, language), act.text) if text)
    return f"    {act.at}  {act.person}{': ' if act.person else ''}{action}{more}"


def _level(level: LevelNow, language: Language) -> str:
    step = f"+{level.step}" if level.step else ""
    mark = "✓" if level.reached else "✗"
    return f"{mark} {level_word(level.level, language)}{step} {SIGNS[level.compare]} {number(level.threshold)}"


def _notify(told: ToldAnswer, language: Language, say: Say) -> list[str]:
    lines = [f"  {say('operate.notify')}: {told.warning}  {of(term('status', told.status), language)}"]
    for one in told.changes:
        reason = of(term("reason", one.reason), language)
        head = f"{of(term('change', one.change), language)} {level_word(one.level, language)} {one.at}"
        line = f"    {one.sequence}. {head} ({reason}; {say('operate.rule_set')} {one.rule_version})"
        if one.not_pushed:
            stopped = of(term("reason", one.not_pushed), language)
            line += f"  {say('operate.not_sent')}: {stopped} [{one.not_pushed}]"
        lines.append(line)
    for delivery in told.deliveries:
        status = of(term("delivery", delivery.status), language)
        lines.append(
            f"    {delivery.sequence} → {delivery.recipient} {delivery.channel}: {status}"
            + (f" ({delivery.last_error})" if delivery.last_error else "")
        )
    lines += [_act(one, language) for one in told.acts]
    for decision in told.decisions:
        reason = of(term("reason", decision.reason), language)
        lines.append(f"    {decision.sequence} ✗ {decision.whom}: {reason} [{decision.stage}: {decision.reason}]")
    return lines
