"""`prewarn channels test URL`: does the provider take a message?"""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from services.errors import AddressError, DeliveryError
from services.notify.answers import UnansweredError
from services.notify.channels import Channels
from services.notify.texts import Message
from services.settings import Settings

channels = typer.Typer(no_args_is_help=True, help="Channels to people. 通知渠道")
_TITLE = "预警系统测试消息 / Prewarn: test message"
_BODY = "收到本消息说明该渠道可用，无需处理。\nThis channel works; nothing needs to be done."


@channels.callback()
def _group() -> None:
    """Keeps `test` a sub-command while it is the only one."""


@channels.command("test")
def try_out(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Apprise URL, see docs/notify.md. 渠道地址", show_default=False)],
    text: Annotated[str, typer.Option(help="Instead of the usual words. 自定义内容")] = _BODY,
) -> None:
    """Send one message; exit code 0: taken, 1: refused, or nobody knows, 2: not an address. 发送一条测试消息"""
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
