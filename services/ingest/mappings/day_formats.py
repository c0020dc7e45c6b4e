"""Days and instants in a format of their own (strptime), mostly with the year behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.i18n import say
from services.ingest.mappings.cells import WrongCell, plain, written
from services.ingest.mappings.days import Days
from services.tabular.sheets import Cell


def by_format(cell: Cell, form: str, days: Days) -> datetime:
    """A day or instant in a format of its own (strptime). Raises WrongCell."""
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=days.zone)
    try:
        found = datetime.strptime(plain(cell), form)  # noqa: DTZ007 - the zone is put to it below
    except ValueError:
        raise WrongCell(say("mapping.not_of_format", shown=written(cell), form=form), form) from None
    return found if found.tzinfo else found.replace(tzinfo=days.zone)


_FORMATS = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


def formats_of(values: Sequence[Cell]) -> list[str]:
    """The formats (strptime) with the year behind that all of these texts have, such as 11/18/2026 8:00 AM.

    08/09/2026 has two, and nobody can tell which is meant.
    """
    texts = [plain(one) for one in values]
    if not texts or not all(isinstance(one, str) for one in values):
        return []
    forms = [on + at for on in _FORMATS for at in _CLOCKS]
    return [form for form in forms if all(_has_format(one, form) for one in texts)]


def _has_format(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - whether it has that form
    except ValueError:
        return False
    return True
