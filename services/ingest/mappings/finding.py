"""Where the values of a row stand: in its columns and parts, around the table, on another sheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from services.i18n import say
from services.ingest.mappings import cells
from services.ingest.mappings.cells import WrongCell, is_blank, plain, word
from services.ingest.mappings.class_names import with_names
from services.ingest.mappings.context import Context, Placed
from services.ingest.mappings.days import with_months
from services.ingest.mappings.language import Condition, Take
from services.ingest.mappings.tables import Found, Line
from services.ingest.mappings.values import NOTHING, as_data
from services.tabular.sheets import Cell, CellError


class Finding:
    """Of one row. `needed` reads another field of it, one of `fields`, for texts that are put together."""

    def __init__(
        self,
        context: Context,
        line: Line,
        parts: Mapping[str, Placed | WrongCell],
        fields: Collection[str],
        needed: Callable[[str], Any],
    ) -> None:
        self._context, self._line, self._parts = context, line, parts
        self._fields, self._needed = fields, needed

    def cell(self, take: Take) -> Placed:
        """The cell of a way to a value. Raises WrongCell."""
        if take.columns:
            return self.first(take.columns)
        if take.join:
            texts = [plain(self.first((name,))[0]) for name in take.join]
            return "/".join(filter(None, texts)), self.first(take.join[:1])[1]
        return self._part(take.part) if take.part else (self._elsewhere(take), None)

    def _part(self, name: str) -> Placed:
        cell = self._parts.get(name, (None, None))
        if isinstance(cell, WrongCell):
            raise cell
        if cell[1] is not None:
            self._calculated(cell[1])
        return cell

    def _elsewhere(self, take: Take) -> Cell:
        """A value that stands in no column."""
        found, world = self._context.found, self._context.world
        if take.text:
            return self._composed(take.text)
        if take.title is not None:
            return _searched(take.title, _around(found))
        if take.file is not None:
            return _searched(take.file, [world.file])
        if take.cell:
            return self._at(take)
        if take.sheet is not None:
            return _searched(take.sheet, [found.sheet.name])
        return self._beside(take) if take.beside else None

    def first(self, words: tuple[str, ...]) -> Placed:
        """Of these columns the first that is not blank."""
        row, places = self._line.cells, self._context.places(words)
        for place in places:
            self._calculated(place)
            if place < len(row) and not is_blank(row[place]):
                return row[place], place
        return None, (places[0] if places else None)

    def _calculated(self, place: int) -> None:
        """Raises WrongCell for a formula that has no value, and for what a spreadsheet shows in place of one."""
        row, sheet = self._line.cells, self._context.found.sheet
        column = self._context.found.column(place)
        if place < len(row) and isinstance(error := row[place], CellError):
            raise WrongCell(say("mapping.cell_error", shown=str(error)), say("mapping.a_value"), column=column)
        if (self._line.number, place + 1) in sheet.uncalculated:
            raise WrongCell(say("mapping.never_calculated"), say("mapping.save_it_again"), column=column)

    def _composed(self, text: str) -> str | None:
        parts = []
        for literal, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", text):
            parts.append(literal)
            if name:
                known = name in self._fields or name not in self._parts
                value = as_data(self._needed(name)) if known else plain(self._plain_part(name))
                if value is NOTHING or value == "":
                    return None
                parts.append(str(value))
        return "".join(parts)

    def _plain_part(self, name: str) -> Cell:
        cell = self._parts[name]
        return None if isinstance(cell, WrongCell) else cell[0]

    def _at(self, take: Take) -> Cell:
        sheet = self._context.found.sheet
        letters, row = take.cell.rstrip("0123456789"), take.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        place = 0
        for letter in letters:
            place = place * 26 + ord(letter) - ord("A") + 1
        cells_ = sheet.rows[int(row) - 1] if int(row) <= len(sheet.rows) else []
        return cells_[place - 1] if place <= len(cells_) else None

    def _beside(self, take: Take) -> Cell:
        """What stands right of a cell on another sheet."""
        filled = re.sub(r"\{(\w+)\}", lambda one: re.escape(plain(self._plain_part(one[1]))), take.beside)
        wanted = cells.pattern(filled)
        for sheet in self._context.world.sheets:
            if word(sheet.name) != word(take.on):
                continue
            for row in sheet.rows:
                for place, cell in enumerate(row):
                    if not is_blank(cell) and wanted.fullmatch(plain(cell)):
                        return next((one for one in row[place + 1 :] if not is_blank(one)), None)
        raise WrongCell(say("mapping.not_beside", text=filled, sheet=take.on))

    def label(self, take: Take, place: int | None) -> str:
        """What people call the place of a value."""
        if place is not None:
            return self._context.found.column(place)
        return (take.columns or take.join or (take.part,))[0]

    def patterned(self, take: Take, cell: Cell) -> Cell:
        """What the pattern takes of a cell."""
        match = take.pattern.search(plain(cell)) if take.pattern else None
        return cell if match is None else match.group(1 if match.re.groups else 0)

    def pieces(self, name: str) -> Iterator[dict[str, Placed | WrongCell]]:
        """The pieces of a part, each with the groups of its pattern."""
        part = self._context.found.table.parts[name]
        cell, place = self.cell(part.take)
        if is_blank(cell):
            yield {name: (None, place)}
            return
        texts: list[Cell] = [cell]
        if part.split is not None:
            texts = [*with_months([one for one in part.split.split(plain(cell)) if one.strip()])]
        if name == "class":
            texts = [*with_names(list(map(plain, texts)))]
        for one in texts:
            if part.take.pattern is None:
                yield {name: (one, place)}
                continue
            match = part.take.pattern.search(plain(one))
            if match is None:
                what = say("mapping.not_like", shown=plain(one), pattern=part.take.pattern.pattern)
                column = self._context.found.column(place) if place is not None else name
                yield {name: WrongCell(what, column=column)}
                continue
            pieces: dict[str, Placed | WrongCell] = {name: (match.group(1 if match.re.groups else 0), place)}
            for key, text in match.groupdict().items():
                pieces[key] = text, place
            yield pieces

    def holds(self, condition: Condition) -> bool:
        """Whether the row says so. Raises WrongCell."""
        if condition.part:
            placed = self._parts.get(condition.part, (None, None))
            if isinstance(placed, WrongCell):
                raise placed
            cell = placed[0]
        else:
            cell = self.first(condition.columns)[0]
        if condition.blank and not (condition.is_ or condition.not_ or condition.like):
            return is_blank(cell)
        if condition.not_:
            return word(plain(cell)) not in condition.not_
        if is_blank(cell):
            return False
        if condition.is_:
            return word(plain(cell)) in condition.is_
        return condition.like is None or condition.like.search(plain(cell)) is not None


def _searched(pattern: re.Pattern[str], texts: Sequence[str]) -> str | None:
    for text in texts:
        if match := pattern.search(cells.half_width(text)):
            return match.group("value") if "value" in match.groupdict() else match.group(1 if match.re.groups else 0)
    return None


def _around(found: Found) -> list[str]:
    """The texts above the header, then those of rows behind it that are no records."""
    top = found.first - found.table.header_rows
    above = [plain(cell) for row in found.sheet.rows[:top] for cell in row if not is_blank(cell)]
    behind = [plain(cell) for row in found.sheet.rows[-8:] for cell in row[:3] if isinstance(cell, str)]
    return above + behind
