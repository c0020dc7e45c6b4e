"""`prewarn warnings`: every warning there ever was, one JSON object a line."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from services.app.embedded import Embedded
from services.settings import Settings


def warnings(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line. 每行一个 JSON 对象")] = False,
) -> None:
    """Every warning that there ever was. 全部预警"""
    settings: Settings = context.obj
    with Embedded(settings) as embedded:
        for found in embedded.notify.warnings():
            if json:
                typer.echo(msgspec.json.encode(found))
            else:
                state, level = found["status"], found["level"]
                typer.echo(f"{found['opened_at']}  {level:6} {state:9} {found['rule']:24} {found['subject']}")
