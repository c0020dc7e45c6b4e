"""`prewarn channels`: does a provider take a message, and which channels are stopped since theirs does not?"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import typer

from services.app.embedded import Embedded
from services.errors import AddressError, ConfigurationError, DeliveryError
from services.i18n import say
from services.messages import from_ms
from services.notify.channels.responses import UnansweredError
from services.notify.channels.sending import Channels
from services.notify.config import CHINA
from services.notify.disabled_channels import DisabledChannel, keys_of
from services.notify.store import disabled_channels
from services.notify.store.engine import Store
from services.notify.texts import Message
from services.settings import Settings

_TITLE = "预警系统测试消息 / Prewarn: test message"
_BODY = "收到本消息说明该渠道可用，无需处理。\nThis channel works; nothing needs to be done."


def try_out(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Apprise URL, see docs/notify.md. 渠道地址", show_default=False)],
    text: Annotated[str, typer.Option(help="Instead of the usual words. 自定义内容")] = _BODY,
) -> None:
    """Send one message; exit code 0: taken, 1: refused, or nobody knows, 2: not an address. 发送一条测试消息

    A stopped channel whose provider takes it is resumed. 对方接受后，已停用的渠道随即恢复
    """
    settings: Settings = context.obj
    settings.home.mkdir(parents=True, exist_ok=True)
    message = Message(_TITLE, text, str(uuid4()), {})
    try:
        Channels(settings.home).send(url, "test", message)
    except AddressError as error:
        typer.echo(f"地址有误 / not an address: {error}", err=True)
        raise typer.Exit(2) from None
    except UnansweredError as error:
        typer.echo(f"结果未知，可能已送达 / nobody knows, it may have arrived: {error}", err=True)
        raise typer.Exit(1) from None
    except DeliveryError as error:
        again = "不会重试 / would not be tried again" if error.permanent else "会重试 / would be tried again"
        typer.echo(f"未被接受 / refused: {error} ({again})", err=True)
        raise typer.Exit(1) from None
    typer.echo("已被接受 / accepted")
    if settings.has_store:
        database = Store(settings.store_url)
        with database.writing() as connection:
            if disabled_channels.resume(connection, keys_of(url).values()):
                typer.echo("渠道已恢复 / the channel is resumed")
        database.close()


def list_(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line. 每行一个 JSON 对象")] = False,
) -> None:
    """The channels that are stopped since their provider refuses them for good. 已停用的渠道"""
    every, zone = _stopped(context.obj)
    for key, stops in groupby(sorted(every), key=attrgetter("key")):
        found = sorted(stops, key=attrgetter("since"))
        first, people = found[0], [one.person for one in found]
        since = from_ms(first.since).astimezone(zone)
        if json:
            shown = {"key": key, "channel": first.queue, "since": since, "reason": first.reason, "people": people}
            typer.echo(msgspec.json.encode(shown))
            continue
        typer.echo(f"{key}  {first.queue}  {since:%Y-%m-%d %H:%M}  {', '.join(people)}  {first.reason}")


def _stopped(settings: Settings) -> tuple[list[DisabledChannel], ZoneInfo]:
    if settings.brokers is None:
        with Embedded(settings) as embedded:
            return embedded.notify.disabled_channels(), embedded.notify.config.zone
    database = Store(settings.store_url)  # the directory is with the cluster: addresses since changed are shown, too
    with database.reading() as connection:
        found = disabled_channels.every(connection)
    database.close()
    return found, CHINA


def resume(
    context: typer.Context,
    key: Annotated[str | None, typer.Argument(help="Of prewarn channels list. 编号", show_default=False)] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every one that is stopped. 全部")] = False,
) -> None:
    """Send to a stopped channel again. 恢复已停用的渠道"""
    if all_ == (key is not None):
        raise ConfigurationError(say("cli.which_channel"))
    settings: Settings = context.obj
    resumed = 0
    if settings.has_store:
        database = Store(settings.store_url)
        with database.writing() as connection:
            keys = [key] if key else [one.key for one in disabled_channels.every(connection)]
            resumed = disabled_channels.resume(connection, keys)
        database.close()
    if key and not resumed:
        raise ConfigurationError(say("cli.not_stopped", key=key))
    typer.echo(f"{resumed} resumed / 已恢复")
