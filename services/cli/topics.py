"""`prewarn topics`: what the cluster mode needs on Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.log.kafka.applying import apply_topics
from services.log.kafka.declaration import read_topics
from services.settings import Settings, resource


def apply(
    context: typer.Context,
    brokers: Annotated[str | None, typer.Option(help="host:port[,host:port] (PREWARN_BROKERS). Kafka 地址")] = None,
    prefix: Annotated[str | None, typer.Option(help="Before every name (PREWARN_TOPIC_PREFIX). 主题前缀")] = None,
    file: Annotated[Path | None, typer.Option(help="Default: deploy/topics.yaml. 主题声明文件")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done. 只显示，不执行")] = False,
) -> None:
    """Create what is missing and alter what differs; doing it again does nothing. 创建或调整主题"""
    settings: Settings = context.obj
    given = {"brokers": brokers, "topic_prefix": prefix}
    settings = settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    declared = read_topics(file or resource("deploy") / "topics.yaml")
    todo = apply_topics(settings.broker_list, settings.topic_prefix, declared, dry_run=dry_run)
    for line in todo.lines():
        typer.echo(f"would {line}" if dry_run else line)
    if not todo.lines():
        typer.echo(f"all {len(declared)} topics are as declared 主题与声明一致")
