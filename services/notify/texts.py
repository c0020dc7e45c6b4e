"""What people read of a warning: the message on the page, with names and figures, and the push, without them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from services.messages import RuleCard, Text

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
_NEWS: dict[str, Text] = {
    "opened": Text("有一条新的提醒与您有关。", "Something new concerns you."),
    "raised": Text("这条预警升级了。", "This warning has become more serious."),
    "resolved": Text("这条预警已经解除。", "This warning is over."),
    "escalated": Text("这条预警还没有人受理，请督促或处理。", "Nobody has taken this warning up: please see to it."),
    "overdue": Text("您受理的预警已超过处置期限。", "The warning that you took up is past its deadline."),
    "reminder": Text("您受理的预警明天到期。", "The warning that you took up is due tomorrow."),
    "withdrawn": Text("记录已更正，这条预警撤回，请忽略。", "A record was corrected: this warning is taken back."),
}
_HEADS: dict[str, Text] = {
    "escalated": Text("无人受理：", "Nobody has taken it up: "),
    "overdue": Text("已逾期：", "Overdue: "),
    "reminder": Text("即将到期：", "Due soon: "),
    "resolved": Text("已解除：", "Over: "),
    "withdrawn": Text("已撤回：", "Taken back: "),
}
_LINK = Text("查看依据并处理：", "Evidence, and what to do: ")
_REPEAT = Text("（可能重复）", " (may be a repeat)")
_PLACEHOLDER = re.compile(r"\{(\w+)[^{}]*\}")


class Message(NamedTuple):
    """What goes out: no names, no scores, no comments."""

    title: str
    body: str
    key: str
    """Idempotency key: the same for every attempt at one delivery."""
    extras: dict[str, Any]
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
    """What it tells of instead of the change: `escalated 1`, overdue, reminder."""


def of(text: Text, language: Language) -> str:
    """The text in one language."""
    return text.en if language == "en" else text.zh


def push(sent: Sent, card: RuleCard | None, base_url: str, key: str, language: Language) -> Message:
    """The kind of warning, its level and where to read it: what may pass through somebody else's servers."""
    name = of(card.title, language) if card else sent.rule
    said = sent.news.partition(" ")[0] or sent.change
    head = of(_HEADS[said], language) if said in _HEADS else ""
    colon = ": " if language == "en" else "："
    repeat = of(_REPEAT, language) if sent.possibly_duplicate else ""
    link = f"{base_url}/warnings/{sent.warning_id}"
    news = of(_NEWS.get(said, _NEWS["opened"]), language)
    return Message(
        title=f"{head}{of(_KIND[sent.level], language)}{colon}{name}{repeat}",
        body=f"{news}\n{of(_LINK, language)}{link}{repeat}",
        key=key,
        extras={
            "warning": sent.warning_id, "sequence": sent.sequence, "change": sent.change, "level": sent.level,
            "link": link, "possibly_duplicate": sent.possibly_duplicate, **({"news": sent.news} if sent.news else {}),
        },
    )  # fmt: skip


def number(value: float | None) -> str:
    """A figure as a person writes it: 3, 92.28; at most two decimals."""
    if value is None:
        return "—"
    rounded = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded


def message(template: Text, facts: Mapping[str, Any], names: Mapping[str, str], language: Language) -> str:
    """A rule's message with its placeholders filled in; one that nobody can fill stays as it is.

    `facts`: value, threshold, level, subject. `names`: what people call the ids in the context; `course_en` goes
    before `course` where English is read.
    """
    figures = {
        "value": number(facts.get("value")),
        "threshold": number(facts.get("threshold")),
        "level": of(LEVEL_WORDS[facts["level"]], language),
        "subject": str(facts.get("subject", "")),
    }

    def filled(match: re.Match[str]) -> str:
        key = match[1]
        return figures.get(key) or names.get(f"{key}_{language}") or names.get(key) or match[0]

    return _PLACEHOLDER.sub(filled, of(template, language))
