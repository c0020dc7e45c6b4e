"""What people read of a warning: the message on the page, with names and figures, and the push, without them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

from services.messages import ENDS, OPTIONAL_PART, Json, RuleCard, Text

Language = Literal["zh", "en"]

LEVEL_WORDS: dict[str, Text] = {
    "red": Text("红色", "Red"),
    "orange": Text("橙色", "Orange"),
    "yellow": Text("黄色", "Yellow"),
    "praise": Text("激励", "Praise"),
}
_KIND: dict[str, Text] = {
    "red": Text("红色预警", "Red warning"),
    "orange": Text("橙色预警", "Orange warning"),
    "yellow": Text("黄色预警", "Yellow warning"),
    "praise": Text("激励", "Good news"),
}
RESULTS = Text("结果", "Results")
"""Instead of a level, of what sums up and warns of nothing."""
_NEWS: dict[str, Text] = {
    "opened": Text("有一条新的提醒与您有关。", "Something new concerns you."),
    "results": Text("新的结果已汇总，请查看需关注的学生。", "New results: please look at the students concerned."),
    "repeated": Text("这条预警仍无人受理。", "Nobody has taken this warning up yet."),
    "outcome": Text("您反映的事项已处理完毕。", "What you had raised has been dealt with."),
    "raised": Text("这条预警升级了。", "This warning has become more serious."),
    "resolved": Text("这条预警已经解除。", "This warning is over."),
    "escalated": Text("这条预警还没有人受理，请督促或处理。", "Nobody has taken this warning up: please see to it."),
    "overdue": Text("由您处理的预警已超过处置期限。", "The warning that is yours to deal with is past its deadline."),
    "handed_over": Text("同事移交给您一条预警，请处理。", "A colleague has handed this over to you: please see to it."),
    "handed_back": Text(
        "同事撤销了对您的移交，这条预警不再由您负责，无需处理。",
        "Your colleague has taken this back: it is not yours any more, and there is nothing for you to do.",
    ),
    "referred": Text(
        "同事就一条预警向您所在部门转介，请决定是否受理并答复。",
        "A colleague has referred a matter to your office: please accept it, or refuse it with a reason, and answer.",
    ),
    "referral_answered": Text("您转介的事项已有答复。", "What you had referred has been answered."),
    "referral_refused": Text(
        "您转介的事项被退回，请查看原因，另行处理。",
        "What you had referred was refused and is back with you: please see why.",
    ),
    "referral_unattended": Text(
        "一项转介目前无人受理，请跟进。", "Nobody at the office is at what was referred: please see to it."
    ),
    "referral_taken_back": Text(
        "同事撤回了向您所在部门的转介，无需再处理。",
        "Your colleague has taken back what was referred to your office: there is nothing for you to do.",
    ),
    "talk_due": Text("今天是约定的下次谈话的日子。", "The next talk that was agreed on is due today."),
    "look_back": Text(
        "这条预警的改进措施已到期限，请说明是否有效。",
        "The day of the measure has come: please say whether it helped.",
    ),
    "reminder": Text("您受理的预警将在一个工作日后到期。", "The warning that you took up is due in one working day."),
    "withdrawn": Text(
        "依据的记录有变化，这条预警撤回，无需处理。", "What it rested on has changed: this warning is taken back."
    ),
}
ENDED: dict[str, Text] = {
    "left": Text("当事人已离校，这条预警不再有效。", "Whoever it is about has left: this warning no longer stands."),
    "graduated": Text("已经毕业，这条预警不再有效。", "Graduated: this warning no longer stands."),
    "came_true": Text(
        "所预测的情况已经发生，改由实际情况的预警跟进。",
        "What was forecast is so by now: the warning of what is so takes its place.",
    ),
    "term_ended": Text("学期已经结束，这条预警随之终止。", "The term has ended, and this warning with it."),
}
"""Of an end whose reason is not in the records."""
_HEADS: dict[str, Text] = {
    "escalated": Text("无人受理：", "Nobody has taken it up: "),
    "repeated": Text("仍待处理：", "Still open: "),
    "handed_over": Text("移交给您：", "Handed over to you: "),
    "handed_back": Text("移交已撤销：", "No longer handed over to you: "),
    "referred": Text("转介给您的部门：", "Referred to your office: "),
    "referral_answered": Text("转介已答复：", "Referral answered: "),
    "referral_refused": Text("转介被退回：", "Referral refused: "),
    "referral_unattended": Text("转介无人受理：", "Nobody is at a referral: "),
    "referral_taken_back": Text("转介已撤回：", "Referral taken back: "),
    "talk_due": Text("今日谈话：", "Talk today: "),
    "outcome": Text("处理结果：", "Outcome: "),
    "overdue": Text("已逾期：", "Overdue: "),
    "look_back": Text("措施回顾：", "Look back: "),
    "reminder": Text("即将到期：", "Due soon: "),
    "resolved": Text("已解除：", "Over: "),
    "withdrawn": Text("已撤回：", "Taken back: "),
}
APPEALS: dict[str, tuple[Text, Text, Text]] = {
    "appeal": (
        Text("待您决定：有一份申诉", "For you to decide: an appeal"),
        Text("有人对一条记录提出申诉，由您决定。", "Somebody says that a record is wrong: it is for you to decide."),
        Text("查看并决定：", "Read it, and decide: "),
    ),
    "appeal_answered": (
        Text("申诉已有结果", "An appeal has been decided"),
        Text("您提出的申诉已有结果。", "The appeal that you made has been decided."),
        Text("查看结果：", "The answer: "),
    ),
}
"""News about an appeal, with its number behind it → title, text, and what stands before the link."""
NOT_THEIRS = ("outcome", "handed_back", "referral_taken_back")
"""Of what is told to somebody who may not see the warning: it has no link, and names nobody."""
_OVER: dict[str, dict[str, Text]] = {
    "praise": {
        "resolved": Text("这条激励已到期。", "This good news is no longer listed."),
        "withdrawn": Text(
            "依据的记录有变化，这条激励撤回。", "What it rested on has changed: this good news is taken back."
        ),
    },
    "results": {
        "resolved": Text("这份结果已到期，不再列出。", "These results are no longer listed."),
        "withdrawn": Text(
            "依据的记录有变化，这份结果撤回。", "What they rested on has changed: these results are taken back."
        ),
    },
}
LINK = Text("查看依据并处理：", "Evidence, and what to do: ")
_LINK_OF_END = Text("查看依据：", "Evidence: ")
REPEAT = Text("（可能重复）", " (may be a repeat)")
_PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}")
_AROUND = re.compile(r'[（(“"]\{(\w+)[^{}]*\}[）)”"]')


class Message(NamedTuple):
    """What goes out: no names, no scores, no comments, unless the college allows the first two there (privacy.py)."""

    title: str
    body: str
    key: str
    """Idempotency key: the same for every attempt at one delivery."""
    extras: Json
    """Further fields for webhooks, beside title and message."""


class Sent(NamedTuple):
    """The change that a push tells of."""

    warning_id: str
    sequence: int
    change: str
    rule: str
    level: str
    possibly_duplicate: bool
    news: str = ""
    """What it tells of instead of the change: `escalated 1`, `overdue …`, `reminder …`, `outcome`."""
    subject: str = ""
    """What the warning is about: ids, no names."""
    rule_version: str = ""
    value: float | None = None
    threshold: float | None = None
    context: str = "{}"
    """JSON: whom and what the warning is about."""
    evidence: str = "[]"
    """JSON: the records behind it."""
    opened_at: int = 0
    """Milliseconds."""
    reason: str = ""
    """Named reason of the change."""


def of(text: Text, language: Language) -> str:
    """The text in one language."""
    return text.en if language == "en" else text.zh


def said_of(sent: Sent) -> str:
    """What is told: a change, or in its place `escalated`, `handed_over` …, without their numbers."""
    return sent.news.partition(" ")[0] or sent.change


def push(sent: Sent, card: RuleCard | None, base_url: str, key: str, language: Language) -> Message:
    """The kind of warning, its level and where to read it: what may pass through somebody else's servers."""
    said = said_of(sent)
    if said in APPEALS:
        return _of_appeal(sent, base_url, key, language)
    if said == "opened" and sums_up(card):
        said = "results"
    repeat = of(REPEAT, language) if sent.possibly_duplicate else ""
    if said in NOT_THEIRS:
        return _not_theirs(sent, card, key, language)
    link = f"{base_url}/warnings/{sent.warning_id}"
    if said in ENDS:
        news, to_link = of_end(said, sent.reason, language), of(_LINK_OF_END, language)
    else:
        news = of(_NEWS.get(said, _NEWS["opened"]), language)
        to_link = of(_LINK_OF_END if sent.level == "praise" else LINK, language)
    return Message(
        title=f"{headline(sent, card, language)}{repeat}",
        body=f"{news}\n{to_link}{link}{repeat}",
        key=key,
        extras={
            "warning": sent.warning_id,
            "sequence": sent.sequence,
            "change": sent.change,
            "level": sent.level,
            "link": link,
            "possibly_duplicate": sent.possibly_duplicate,
            **({"news": sent.news} if sent.news else {}),
        },
    )


def _of_appeal(sent: Sent, base_url: str, key: str, language: Language) -> Message:
    """That there is an appeal, or its answer: it names nobody, and no record."""
    said, _, number = sent.news.partition(" ")
    title, news, to_link = (of(one, language) for one in APPEALS[said])
    repeat = of(REPEAT, language) if sent.possibly_duplicate else ""
    link = f"{base_url}/appeals/{number}"
    return Message(
        title=f"{title}{repeat}",
        body=f"{news}\n{to_link}{link}{repeat}",
        key=key,
        extras={"news": sent.news, "link": link, "possibly_duplicate": sent.possibly_duplicate},
    )


def of_end(change: str, reason: str, language: Language, praise: RuleCard | None = None) -> str:
    """That a warning is over, and why if that is not in the records: nobody needs to do anything.

    `praise`: the card of what is none, but good news or results.
    """
    if praise is not None:
        return of(_OVER["results" if sums_up(praise) else "praise"][change], language)
    return of(ENDED.get(reason) or _NEWS[change], language)


def sums_up(card: RuleCard | None) -> bool:
    """Whether it is a summary of results, and warns of nothing."""
    return card is not None and card.summary is not None


def kind(sent: Sent, card: RuleCard | None, language: Language) -> str:
    """Red warning, good news, results."""
    return of(RESULTS if sums_up(card) else _KIND[sent.level], language)


def ended(sent: Sent, language: Language) -> str:
    """Over, or taken back, the warning, its handing over or a referral; empty if it is none of these."""
    said = said_of(sent)
    return of(_HEADS[said], language).rstrip("：: ") if said in (*ENDS, "handed_back", "referral_taken_back") else ""


def headline(sent: Sent, card: RuleCard | None, language: Language) -> str:
    """`Overdue: Red warning: Absent again and again`."""
    said = said_of(sent)
    head = of(_HEADS[said], language) if said in _HEADS else ""
    if said == "outcome":
        return f"{head}{sent.subject}"
    if said in APPEALS:
        return of(APPEALS[said][0], language)
    name = of(card.title, language) if card else sent.rule
    return f"{head}{kind(sent, card, language)}{': ' if language == 'en' else '：'}{name}"


def _not_theirs(sent: Sent, card: RuleCard | None, key: str, language: Language) -> Message:
    """To who may not see the warning: who had raised it, was handed it by mistake, or whose office is asked no more."""
    repeat, said = of(REPEAT, language) if sent.possibly_duplicate else "", said_of(sent)
    return Message(
        title=f"{headline(sent, card, language)}{repeat}",
        body=f"{of(_NEWS[said], language)}{repeat}",
        key=key,
        extras={
            **({"subject": sent.subject} if said == "outcome" else {"warning": sent.warning_id}),
            "news": sent.news,
            "possibly_duplicate": sent.possibly_duplicate,
        },
    )


def number(value: float | None, digits: int = 2) -> str:
    """A figure as a person writes it: 3, 92.28; at most so many decimals."""
    if value is None:
        return "—"
    rounded = f"{value:.{digits}f}"
    rounded = rounded.rstrip("0").rstrip(".") if "." in rounded else rounded
    return "0" if rounded == "-0" else rounded


def placeholders(template: str) -> set[str]:
    """The placeholders that a message names."""
    return {one[1] for one in _PLACEHOLDER.finditer(template)}


def fill(template: str, fields: Mapping[str, str]) -> str:
    """A message with its placeholders filled in.

    A part in square brackets is left out where one of its placeholders has no value; anywhere else such a placeholder
    is left out alone, with the brackets or quotation marks around it: older rule sets have it so.
    """

    def filled(match: re.Match[str]) -> str:
        return fields.get(match[1], "")

    def optional(match: re.Match[str]) -> str:
        names = [one[1] for one in _PLACEHOLDER.finditer(match[1])]
        return match[1] if all(fields.get(one) for one in names) else ""

    whole = OPTIONAL_PART.sub(optional, template)
    bare = _AROUND.sub(lambda match: match[0] if fields.get(match[1]) else "", whole)
    return _PLACEHOLDER.sub(filled, bare)


def example(
    template: Text, figures: Mapping[str, float | None], level: str, names: Mapping[str, str], language: Language
) -> str:
    """A message with what is known of somebody; what is not stays as the rule has it."""
    words = of(template, language)
    fields = {one[1]: one[0] for one in _PLACEHOLDER.finditer(words)}
    fields |= {key: names.get(f"{key}_{language}") or names[key] for key in fields if key in names}
    fields |= {key: number(value) for key, value in figures.items()} | {"level": of(LEVEL_WORDS[level], language)}
    return fill(words, fields)
