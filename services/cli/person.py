"""`prewarn person export | erase | erased`: what is held of one person."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from services.app.embedded import Embedded
from services.cli import telling
from services.cli.in_use import directory_in_use
from services.clock import wall_clock
from services.directory import Directory
from services.errors import ConfigurationError
from services.i18n import LANGUAGES, Language, in_chinese, say
from services.ingest.schemas import load_schemas
from services.messages import Json, Message, from_ms
from services.notify.config import CHINA
from services.notify.store import views
from services.notify.store.engine import Store
from services.notify.store.erasure import erasures
from services.operate.persons import erasing, holding
from services.settings import Settings, resource
from services.web import person_page, view_models
from services.web.person_page import Named, Reading
from services.web.reader import Reader

_FIELDS = {
    "recipient": "person",
    "whom": "person",
    "acknowledged_by": "person",
    "closed_by": "person",
    "author": "person",
    "source": "source_name",
}
"""Fields that name a person → as the directory calls such a field; `source` is another word for a source's name."""
_Person = Annotated[str, typer.Argument(help="Id in the directory. 学号或工号")]


def export(
    context: typer.Context,
    person: _Person,
    to: Annotated[Path, typer.Option(help="New folder, or a file that ends in .zip. 新文件夹或 .zip 文件")],
) -> None:
    """Hand out all that is held of a person: JSON, and a page in each language. 导出某人的全部数据"""
    settings: Settings = context.obj
    if to.exists():
        raise ConfigurationError(say("operate.export_exists", path=to))
    now = wall_clock()
    directory, _ = directory_in_use(settings)
    found = holding.everything(settings, directory, person)
    names = directory.names({"student": person, "person": person})
    name = next((one for one in (names["student"], names["person"]) if one != person), person)
    files = {f"{part}.json": msgspec.json.format(msgspec.json.encode(rows), indent=1) for part, rows in found.items()}
    for language in LANGUAGES:
        known = load_schemas(resource("schemas")).by_kind
        kinds = {kind: one.document.get("x-title", {}).get(language, kind) for kind, one in known.items()}
        sentences = {} if settings.brokers else _sentences(settings, found.get("warnings", []), language)
        reading = Reading(language, now.astimezone(CHINA), _named(directory, language), kinds, sentences)
        page = person_page.html(found, person, name, reading, on_kafka=bool(settings.brokers))
        files[f"index.{language}.html"] = page.encode()
    _write(to, files)
    for part, rows in found.items():
        typer.echo(f"{part:18} {len(rows):>7}")
    _both(say("operate.exported", path=to))


def erase(
    context: typer.Context,
    person: _Person,
    reason: Annotated[str, typer.Option(help="Why, without saying who. 原因，不写明是谁")] = "",
    author: Annotated[str, typer.Option(envvar="PREWARN_AUTHOR", help="Who decided it. 决定人")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would do. 只预览，不删除")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. 不再询问")] = False,
) -> None:
    """Make a person who has left a pseudonym, everywhere and for good. 抹去已离开者的身份，不可恢复"""
    settings: Settings = context.obj
    directory, publish = directory_in_use(settings)
    found = erasing.plan(settings, directory, person, wall_clock())
    for name, count in found.counts.items():
        typer.echo(f"{name:28} {count:>7}")
    for path in found.left:
        _both(say("operate.file_left", path=path))
    if settings.brokers:
        _both(say("operate.kafka_keeps"))
    if dry_run:
        for one in found.refused:
            telling.tell_error(ConfigurationError(one))
        typer.echo("nothing was erased / 未抹去")
        return
    if found.refused:
        raise ConfigurationError(*found.refused)
    if not reason.strip() or not author.strip():
        raise ConfigurationError(say("operate.erase_needs_reason"))
    if not yes:
        question = say("operate.erase_asks", id=person)
        typer.confirm(f"{question} {in_chinese(question)}", abort=True)
    erasing.erase(settings, directory, found, wall_clock(), author=author, reason=reason, publish=publish)
    _both(say("operate.erased", pseudonym=found.pseudonym))


def erased(context: typer.Context) -> None:
    """Every erasure: when, which pseudonym, who decided it and why. 全部抹去记录"""
    settings: Settings = context.obj
    if not settings.has_store:
        return
    with closing(Store(settings.store_url)) as database, database.reading() as connection:
        for one in erasures(connection):
            typer.echo(
                f"{from_ms(one.at).astimezone(CHINA):%Y-%m-%d %H:%M}  {one.pseudonym}  {one.author}: {one.reason}"
            )


def _named(directory: Directory, language: Language) -> Named:
    """What people call the value of a field."""

    def named(field: str, value: str) -> str:
        field = _FIELDS.get(field, field)
        found = directory.names({field: value})
        return found.get(f"{field}_{language}") or found.get(field) or value

    return named


def _sentences(settings: Settings, rows: Sequence[Json], language: Language) -> dict[str, tuple[str, str]]:
    """What each warning says, by its id."""
    numbers = [row["number"] for row in rows]
    with Embedded(settings, push=False) as embedded:
        notify = embedded.notify
        reader = Reader(language, notify.config.zone, wall_clock(), notify.ports)
        with notify.database.reading() as connection:
            mine = views.warnings_of(connection, numbers).values()
        cards = {row.id: notify.ports.cards(row.rule_version, row.rule) for row in mine}
        return {
            row.id: (view_models.title(row, cards[row.id], reader), view_models.sentence(row, cards[row.id], reader))
            for row in mine
        }


def _write(to: Path, files: dict[str, bytes]) -> None:
    """The whole, or nothing, and its owner's alone."""
    aside = to.with_name(f".{to.name}.new")
    try:
        if to.suffix.lower() == ".zip":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            aside.write_bytes(packed.getvalue())
            aside.chmod(0o600)
        else:
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(mode=0o700, parents=True)
            for name, content in files.items():
                (aside / name).write_bytes(content)
        aside.replace(to)
    except OSError as error:
        raise ConfigurationError(say("cli.file_not_written", option="--to", path=to, error=error.strerror)) from error


def _both(text: Message) -> None:
    typer.echo(f"{text}\n    {in_chinese(text)}")
