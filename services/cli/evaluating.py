"""Commands that take events in evaluate them, too, where no other process does."""

from __future__ import annotations

import typer

from services.app.embedded import Embedded
from services.errors import RuleError
from services.i18n import chinese


def evaluates(embedded: Embedded) -> bool:
    """Whether this process evaluates what it takes in; rules with errors keep nobody from handing in."""
    try:
        return embedded.try_evaluating()
    except RuleError as error:
        chinese.tell_error(error)
        typer.echo(
            "the events are kept; they are evaluated once the rules are mended 事件已保存，规则修正后即判断", err=True
        )
        return False
