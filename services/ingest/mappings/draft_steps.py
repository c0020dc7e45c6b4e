"""The lines of a draft for the steps of a ticket that stand in one row."""

from __future__ import annotations

from services.ingest.mappings.draft import ColumnGuess, SheetGuess
from services.ingest.mappings.draft_forms import STEPS
from services.ingest.mappings.draft_meaning import STARS
from services.ingest.mappings.draft_texts import instant_of, quoted, remark


def step_lines(sheet: SheetGuess) -> list[str]:
    """A record for each step whose time is there, and one for the rating."""
    lines = ["  rows:"]
    for step, (action, meaning) in enumerate(STEPS, 1):
        found = sheet.of(meaning)
        if found is None:
            continue
        fields = f"action: {{is: {action}}}, step: {{is: {step}}}"
        if action == "rated":
            done = sheet.of("rated") or sheet.of("resolved") or sheet.of("reported")
            at = quoted(done.header) if done else "评价时间"
            values = f", {stars}" if (stars := stars_of(found)) else ""
            fields += f", rating: {{column: {quoted(found.header)}, as: integer{values}}}"
            lines += [
                f"  - when: {quoted(found.header)}",
                f"    time: {at}",
                f"    fields: {{{fields}}}{remark(found)}",
            ]
        else:
            lines += [f"  - time: {instant_of(sheet, found)}{remark(found)}", f"    fields: {{{fields}}}"]
    return lines


def stars_of(rating: ColumnGuess) -> str:
    """The value table of words of satisfaction; empty where they are numbers."""
    stars = ", ".join(f"{one}: {STARS[one]}" for one in rating.unknown if one in STARS)
    return f"values: {{{stars}}}" if stars else ""
