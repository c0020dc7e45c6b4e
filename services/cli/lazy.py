"""A command is imported when it is called, not to be listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import wraps
from pkgutil import resolve_name
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from services.cli.commands import Command, Group
from services.cli.interrupted import going_on_later


def function_of(command: Command) -> Callable[..., None]:
    """Imports the function of a command."""
    found: Callable[..., None] = resolve_name(f"services.cli.{command.function}")
    return found


class _LazyCommand(TyperCommand):
    """A command as a list shows it; called, it is the one that its function makes."""

    def __init__(self, name: str, command: Command) -> None:
        super().__init__(name, callback=None, help=command.help)
        self._command = command

    def make_context(self, info_name: str | None, args: list[str], *arguments: Any, **options: Any) -> Any:
        """The context of the command itself, or of the one below it that is named first."""
        if args and (below := self._command.below.get(args[0])):
            name = f"{info_name} {args[0]}"
            return _LazyCommand(name, below).make_context(name, args[1:], *arguments, **options)
        with going_on_later() if self._command.imports else nullcontext():
            function = function_of(self._command)
        if self._command.imports:
            function = _goes_on_later(function)
        made = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        made.command(self.name)(_needs_college(function) if self._command.college else function)
        context = get_command(made).make_context(info_name, args, *arguments, **options)
        _check_texts(context)
        return context


def _check_texts(context: Any) -> None:
    """Raises ConfigurationError for a text that nothing behind the command could hold. Names of files may be any."""
    from services import bounds  # noqa: PLC0415 - the catalogue takes longer than --help has
    from services.errors import ConfigurationError  # noqa: PLC0415
    from services.i18n import say  # noqa: PLC0415

    for parameter in context.command.params:
        given = context.params.get(parameter.name)
        for text in given if isinstance(given, (list, tuple)) else [given]:
            if isinstance(text, str) and (wrong := bounds.of_text(text)) is not None:
                option = parameter.opts[0] if parameter.param_type_name == "option" else parameter.name.upper()
                raise ConfigurationError(say("cli.text_unfit", option=option, what=wrong[0], expected=wrong[1]))


def _goes_on_later(function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def asked(*arguments: Any, **options: Any) -> None:
        with going_on_later(options["context"]):
            function(*arguments, **options)

    return asked


def _needs_college(function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def asked(*arguments: Any, **options: Any) -> None:
        from services.cli.college import college  # noqa: PLC0415 - the settings take longer than --help has

        college(options["context"])
        function(*arguments, **options)

    return asked


def lazy_commands(table: Mapping[str, Command | Group]) -> dict[str, TyperCommand | TyperGroup]:
    """The commands and groups of a table by name."""
    return {
        name: _LazyCommand(name, one)
        if isinstance(one, Command)
        else TyperGroup(
            name=name,
            help=one.help,
            no_args_is_help=True,
            rich_markup_mode=None,
            commands={**lazy_commands(one.commands)},
        )
        for name, one in table.items()
    }
