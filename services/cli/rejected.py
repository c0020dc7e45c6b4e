"""`prewarn rejected`: what was refused, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Annotated

import typer

from services.app.embedded import Embedded
from services.app.taking_in import Again
from services.cli import telling
from services.cli.ingest import PATIENCE, evaluates
from services.cli.run_outcome import tell_late
from services.ingest.rejected import RejectedStore, Retried, retry
from services.settings import Settings


@contextmanager
def _rejects(settings: Settings) -> Iterator[RejectedStore]:
    if settings.brokers:
        from services.log.kafka.rejects import Rejects  # noqa: PLC0415 - kafka costs the others 0.1 s

        yield Rejects(settings.broker_list, settings.topic_prefix)
    else:
        with Embedded(settings) as embedded:
            yield embedded.journal


def list_(context: typer.Context) -> None:
    """What waits. 列出"""
    with _rejects(context.obj) as rejects:
        for number, rejection in rejects.list():
            reasons = "; ".join(str(reason) for reason in rejection.reasons)
            typer.echo(
                f"{number}  {rejection.received_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}  "
                f"{rejection.origin} {rejection.position}: {reasons}"
            )


def show(context: typer.Context, number: int) -> None:
    """One reject, with its bytes. 显示一条及其原始字节"""
    with _rejects(context.obj) as rejects:
        rejection = rejects.get(number)
        if rejection is None:
            typer.echo(f"no reject has number {number} 没有此编号; see prewarn rejected list", err=True)
            raise typer.Exit(1)
        typer.echo(f"{rejection.origin} {rejection.position}, {rejection.received_at.isoformat()}")
        for reason in rejection.reasons:
            telling.tell(reason, "  ")
        typer.echo(rejection.raw)


def retry_(context: typer.Context, numbers: Annotated[list[int] | None, typer.Argument()] = None) -> None:
    """Try again, after the directory or a schema was mended. 重新导入"""
    settings: Settings = context.obj
    if settings.brokers:
        from services.app.cluster.retrying import again  # noqa: PLC0415 - as above
        from services.log.kafka.rejects import Rejects  # noqa: PLC0415

        result = again(settings, Rejects(settings.broker_list, settings.topic_prefix), numbers or [])
        _tell(result)
    else:
        with Embedded(settings) as embedded:
            evaluating, lateness = evaluates(embedded), embedded.lateness(PATIENCE)
            result = retry(embedded.journal, Again(embedded.intake, embedded.taking_in), numbers or None)
            _tell(result)
            if evaluating:
                embedded.catch_up()
            tell_late(lateness)
    raise typer.Exit(1 if result.failed else 0)


def _tell(result: Retried) -> None:
    for number, reasons in result.failed.items():
        typer.echo(f"{number}: " + "; ".join(str(reason) for reason in reasons), err=True)
    typer.echo(f"accepted 接收 {len(result.passed)}, still rejected 仍拒收 {len(result.failed)}")
