"""Names, which OneRoster holds in one language and in parts."""

from __future__ import annotations

import re

from services.directory.oneroster.files import Record

_HAN = re.compile(r"[\u3400-\u9fff]")


def named(title: str) -> dict[str, str]:
    """A name in the column of its language."""
    return {"name_zh" if _HAN.search(title) else "name_en": title}


def name_of(user: Record) -> str:
    """安 + 娜 → 安娜; Anna + Bo → Anna Bo; the sourcedId of somebody without any name."""
    family, given, middle = (user.values[column] for column in ("familyName", "givenName", "middleName"))
    if _HAN.search(family + given):
        return family + given
    return " ".join(part for part in (given, middle, family) if part) or user.values["sourcedId"]
