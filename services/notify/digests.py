"""Several messages to one person as one: what kinds, how many of each, and where to read them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from services.messages import LEVELS, RuleCard, Text
from services.notify.texts import LINK, REPEAT, Language, Message, Sent, ended, headline, kind, of, push

_COUNT = Text("{n} 条消息：{kinds}", "{n} messages: {kinds}")
_MORE = Text("……另有 {n} 条", "… and {n} more")
_LINES = 10


def digest(
    told: Sequence[tuple[Sent, RuleCard | None]], inbox: str, base_url: str, key: str, language: Language
) -> Message:
    """One message about all of them, the gravest first; `inbox`: the person's page.

    It counts warnings: of several changes of one, the newest is told.
    """
    newest = {sent.warning_id: (sent, card) for sent, card in sorted(told, key=lambda one: one[0].sequence)}
    gravest = sorted(newest.values(), key=lambda one: -LEVELS.index(one[0].level))
    kinds = Counter(ended(sent, language) or kind(sent, card, language) for sent, card in gravest)
    lines = Counter(headline(sent, card, language) for sent, card in gravest)
    top = {line for line, _ in lines.most_common(_LINES)}
    shown = [f"{line} ×{n}" if n > 1 else line for line, n in lines.items() if line in top]
    if left := sum(n for line, n in lines.items() if line not in top):
        shown.append(of(_MORE, language).format(n=left))
    duplicate = any(sent.possibly_duplicate for sent, _ in told)
    repeat = of(REPEAT, language) if duplicate else ""
    comma = ", " if language == "en" else "，"
    count = of(_COUNT, language).format(n=len(gravest), kinds=comma.join(f"{one} {n}" for one, n in kinds.items()))
    return Message(
        title=f"{count}{repeat}",
        body="\n".join([*shown, f"{of(LINK, language)}{inbox}{repeat}"]),
        key=key,
        extras={
            "digest": [push(sent, card, base_url, key, language).extras for sent, card in told],
            "link": inbox,
            "possibly_duplicate": duplicate,
        },
    )
