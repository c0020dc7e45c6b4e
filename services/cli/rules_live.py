"""`prewarn rules live`: rules of a college that began on trial (PREWARN_TRIAL) go live, one by one or by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from services.app.embedded import Embedded
from services.cli.rules_publish import AUTHOR, REASON, answered_for
from services.clock import wall_clock
from services.errors import ConfigurationError, ProblemsError
from services.i18n import say
from services.messages import Problem, near_words
from services.notify.service import Notify
from services.notify.trial import Trial
from services.rules.language.load import RuleSet
from services.settings import Settings


def live(
    context: typer.Context,
    rules: Annotated[
        list[str] | None, typer.Argument(help="Ids of rules, or rows such as S2; without any: what is live. 规则或行号")
    ] = None,
    author: AUTHOR = "",
    reason: REASON = "",
    tell: Annotated[
        bool,
        typer.Option("--tell", help="What they have open is told at once, as one digest to each. 汇总告知未结预警"),
    ] = False,
) -> None:
    """Put rules live that are on trial: what they find from here on is sent. 规则由试运行转为正式"""
    settings: Settings = context.obj
    if not settings.trial:
        raise ConfigurationError(say("cli.nothing_on_trial"))
    trial = Trial(settings.home)
    with _notify(settings) as (known, notify):
        if rules:
            answered_for(author, reason, needs_reason=True)
            named = _named(rules, known)
            trial.put_live(named, author, reason, wall_clock())
            typer.echo(f"live 正式运行: {', '.join(named)}")
            if tell:
                typer.echo(f"told 已告知 {notify.tell_open(named)}")
            return
        for one in trial.record():
            typer.echo(f"{one.at:%Y-%m-%d %H:%M}  {one.author}  {', '.join(one.rules)}  {one.reason}")
        waiting = [rule for rule in known.cards if trial.holds(rule)]
        typer.echo(f"on trial 试运行 {len(waiting)}: {', '.join(waiting)}")


@contextmanager
def _notify(settings: Settings) -> Iterator[tuple[RuleSet, Notify]]:
    """The rules in force and notify's store: of one process, or of the cluster."""
    if settings.brokers:
        from services.app.cluster.notify import opened  # noqa: PLC0415 - kafka costs the others 0.1 s

        with opened(settings) as (notify, known, *_):
            yield known, notify
    else:
        with Embedded(settings) as embedded:
            yield embedded.files.rule_set(), embedded.notify


def _named(asked: list[str], known: RuleSet) -> list[str]:
    """The rules of ids and rows, in the order of the rule files. Raises ProblemsError."""
    cards = known.cards
    words = {*cards, *(card.row for card in cards.values() if card.row)}
    problems = [
        Problem(
            where=one,
            what=say("cli.no_such_rule_or_row"),
            expected=", ".join(near_words(one, words, 3)) or say("cli.of_rules_list"),
        )
        for one in asked
        if one not in words
    ]
    if problems:
        raise ProblemsError(problems)
    return [name for name, card in cards.items() if name in asked or card.row in asked]
