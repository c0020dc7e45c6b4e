"""`prewarn accounts add | list | remove`: who signs in with a password of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from services import bounds
from services.app.embedded import Embedded
from services.app.first_account import one_time_link
from services.clock import wall_clock
from services.directory import Directory
from services.errors import ConfigurationError
from services.i18n import in_chinese, say
from services.messages import from_ms
from services.notify.config import CHINA
from services.notify.store import accounts
from services.notify.store.engine import Store
from services.settings import Settings


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Store, Directory | None]]:
    """The directory is known in a home alone."""
    if settings.brokers:
        store = Store(settings.store_url)
        try:
            yield store, None
        finally:
            store.close()
        return
    with Embedded(settings) as embedded:
        yield embedded.notify.database, embedded.files.present_directory()


def add(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="Id in the directory, which is the name to sign in with. 工号")],
    operator: Annotated[
        bool, typer.Option("--operator", help="May see rules, deliveries and what is set aside. 管理员")
    ] = False,
) -> None:
    """Print a link by which a person sets a password once, within 24 hours. 生成一次性设置密码链接"""
    if wrong := bounds.of_id(person):
        raise ConfigurationError(say("cli.no_id", what=wrong[0], expected=wrong[1]))
    settings: Settings = context.obj
    with _opened(settings) as (store, directory):
        if directory is not None and not operator and not directory.is_there(person, wall_clock()):
            raise ConfigurationError(say("cli.account_of_nobody", person=person))
        told = [say("cli.link_is_for", person=person)]
        if directory is not None and not directory.is_there(person, wall_clock()):
            told.append(say("cli.operator_of_nobody", person=person))
        if settings.opens_here_alone:
            told.append(say("cli.link_opens_here_alone", url=settings.public_url))
        link = one_time_link(store, person, settings.public_url, wall_clock(), operator=operator)
    typer.echo(link)
    for one in told:  # the link alone is what is piped
        typer.echo(f"{one}\n{in_chinese(one)}", err=True)


def list_(context: typer.Context) -> None:
    """All local accounts, and who of them is not there any more. 全部本地账号，并标明已不在岗者"""
    with _opened(context.obj) as (store, directory), store.reading() as connection:
        found, now = accounts.accounts(connection), wall_clock()
        gone = {one.person for one in found if directory is not None and not directory.is_there(one.person, now)}
    for one in found:
        password = "password set 已设密码" if one.password else "no password yet 未设密码"
        operator = "  operator 管理员" if one.operator else ""
        typer.echo(f"{one.person}  made 创建 {from_ms(one.made).astimezone(CHINA):%Y-%m-%d}  {password}{operator}")
        if one.person in gone:
            left = say("cli.account_of_operator_gone" if one.operator else "cli.account_of_somebody_gone")
            typer.echo(f"    {left}\n    {in_chinese(left)}")


def remove(context: typer.Context, person: Annotated[str, typer.Argument(help="Whose. 工号")]) -> None:
    """End a local account, and every session of its owner. 删除本地账号"""
    with _opened(context.obj) as (store, _), store.writing() as connection:
        if not accounts.remove_account(connection, person):
            raise ConfigurationError(say("cli.no_account", person=person))
    typer.echo(f"the account of {person} is removed 账号已删除")
