"""`prewarn accounts check`: would the sign-in providers that are set work?"""

from __future__ import annotations

import asyncio

import typer

from services.accounts.providers.configured import providers
from services.errors import ConfigurationError, SignInError
from services.i18n import in_chinese, say
from services.settings import Settings


def check(context: typer.Context) -> None:
    """Ask each sign-in provider that is set whether it would work, without signing anybody in. 检查登录方式是否可用

    Exit code 0: each would; 1: one would not, or none is set; 78: a setting is wrong.
    """
    settings: Settings = context.obj
    found = providers(settings)
    if not found:
        raise ConfigurationError(say("providers.none"))
    failed = False
    for name, provider in found.items():
        try:
            said = asyncio.run(provider.would_work())
        except SignInError as error:
            failed, said = True, error.message
        typer.echo(f"{name}: {said}")
        typer.echo(f"    {in_chinese(said)}")
    if failed:
        raise typer.Exit(1)
