"""`prewarn sources`: which sources may send by the API, and of what kinds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import typer

from services.app.embedded import Embedded
from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import in_chinese, say
from services.ingest.schemas import load_schemas
from services.ingest.tokens import MOST_PER_MINUTE, new_token
from services.log.tokens import TokenStore
from services.messages import Message, from_ms, nearest, to_ms
from services.notify.config import CHINA
from services.settings import Settings, resource


class _Place(NamedTuple):
    """Where the tokens are; the directory's sources are known in a home alone."""

    store: TokenStore
    zone: ZoneInfo = CHINA
    sources: tuple[str, ...] = ()


@contextmanager
def _opened(settings: Settings) -> Iterator[_Place]:
    if settings.brokers:
        from services.log.postgres_records import address_of  # noqa: PLC0415 - psycopg costs the others time
        from services.log.postgres_tokens import PostgresTokens  # noqa: PLC0415 - as above

        yield _Place(PostgresTokens(address_of(settings.records_url), settings.topic_prefix))
        return
    with Embedded(settings) as embedded:
        known = tuple(source.id for source in embedded.files.present_directory().tables.sources)
        yield _Place(embedded.tokens, ZoneInfo(embedded.files.zone), known)


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Source of its events, or what stands before a slash in it. 来源名称")],
    kinds: Annotated[str, typer.Option(help="Kinds that it may send: attendance,rollcall; default: all. 种类")] = "",
    per_minute: Annotated[
        int | None, typer.Option(min=1, max=MOST_PER_MINUTE, help="Events that it may send. 每分钟事件数上限")
    ] = None,
) -> None:
    """Make a token, shown once, for a source that sends by the API. 为数据来源创建令牌（只显示一次）"""
    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    token, kept = new_token(load_schemas(resource("schemas")), name, wanted, per_minute or 0, wall_clock())
    with _opened(context.obj) as place:
        first = not place.store.tokens()
        place.store.add(kept)
    typer.echo(token)  # alone on stdout, for a pipe
    _tell(say("cli.token_told_once"))
    if first:
        _tell(say("cli.token_first"))
    if place.sources and not any(one == name or one.startswith(f"{name}/") for one in place.sources):
        found = nearest(name, place.sources)
        near = say("cli.source_near", name=found) if found else ""
        _tell(say("cli.source_not_in_directory", source=name, near=near))


def list_(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line. 每行一个 JSON 对象")] = False,
) -> None:
    """All tokens: whose, for what, when made, last used and revoked. 全部令牌"""
    with _opened(context.obj) as place:
        tokens, zone = place.store.tokens(), place.zone
    for one in tokens:
        times = {
            name: from_ms(at) if at else None
            for name, at in (("made", one.made), ("used", one.used), ("revoked", one.revoked))
        }
        if json:
            shown = {"id": one.id, "source": one.source, "kinds": one.kinds, "per_minute": one.per_minute or None}
            typer.echo(msgspec.json.encode(shown | times))
            continue
        told = {name: f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at else "-" for name, at in times.items()}
        quota = f"{one.per_minute}/min" if one.per_minute else "-"
        typer.echo(f"{one.id}  {one.source}  {','.join(one.kinds) or 'all 全部'}  quota 限额 {quota}")
        typer.echo(f"    made 创建 {told['made']}; last used 最近使用 {told['used']}; revoked 吊销 {told['revoked']}")


def revoke(
    context: typer.Context, id_: Annotated[str, typer.Argument(metavar="ID", help="Of prewarn sources list. 编号")]
) -> None:
    """End a token; a running service knows within a second. 吊销令牌"""
    with _opened(context.obj) as place:
        if not place.store.revoke(id_, to_ms(wall_clock())):
            raise ConfigurationError(say("cli.token_not_valid", id=id_))
    typer.echo(f"token {id_} is revoked 令牌已吊销")


def _tell(text: Message) -> None:
    typer.echo(str(text), err=True)
    typer.echo(f"    {in_chinese(text)}", err=True)
