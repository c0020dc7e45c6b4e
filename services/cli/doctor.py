"""`prewarn doctor`: whether a home is sound, and what to do where it is not."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from services.cli import telling
from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import in_chinese, say
from services.messages import Problem, to_ms
from services.operate import doctor as clinic
from services.settings import Settings
from services.web import printing


def doctor(
    context: typer.Context,
    new_epoch: Annotated[
        bool,
        typer.Option("--new-epoch", help="Go on with this event log, though it is another one. 沿用现有事件日志"),
    ] = False,
    evaluate_anew: Annotated[
        bool, typer.Option("--evaluate-anew", help="Let the rules evaluate the log anew. 让规则重新判断日志")
    ] = False,
    accept_clock: Annotated[
        bool, typer.Option("--accept-clock", help="The clock is right, however far it has jumped. 时钟无误")
    ] = False,
    set_back: Annotated[
        bool,
        typer.Option(
            "--set-back", help="The log was ahead of the clock, which is right now. 日志时间曾超前，时钟现已正确"
        ),
    ] = False,
) -> None:
    """Whether the files of a home are sound and belong together. 检查数据是否完好、是否配套"""
    settings: Settings = context.obj
    if evaluate_anew:
        clinic.forget_state(settings)
    if accept_clock:
        from services.app.sound_clock import accept  # noqa: PLC0415
        from services.log.journal import Journal  # noqa: PLC0415

        with closing(Journal(settings.home / "prewarn.db", wall_clock)) as journal:
            accept(journal, wall_clock())
    if set_back:
        _set_back(settings)
    if new_epoch:
        from services.app.embedded import Embedded  # noqa: PLC0415 - nothing of it is opened to look at damaged files

        with Embedded(settings) as embedded:
            embedded.taking_in.new_epoch()
    found = list(clinic.look(settings))
    wrong = list(printing.check(settings.home))
    for one in found:
        typer.echo(f"{'✓' if one.well else '✗'} {one.what}")
        typer.echo(f"    {in_chinese(one.what)}")
    for problem in wrong:
        telling.tell(problem)
    if wrong or not all(one.well for one in found):
        raise typer.Exit(1)


def _set_back(settings: Settings) -> None:
    from services.app.embedded import Embedded  # noqa: PLC0415 - nothing of it is opened to look at damaged files
    from services.app.sound_clock import accept  # noqa: PLC0415
    from services.log.clocks import set_back  # noqa: PLC0415

    with Embedded(settings) as embedded:
        if not embedded.hold():
            raise ConfigurationError(say("app.another_process_running_on", home=settings.home))
        now = wall_clock()
        rows = set_back(embedded.journal, to_ms(now))
        accept(embedded.journal, now)
    telling.tell(Problem(where="doctor --set-back", what=say("operate.log_set_back", rows=rows)))
