"""`prewarn accounts check`: would the sign-in providers that are set work?"""

from __future__ import annotations

import asyncio

import typer

from services.accounts.providers import Redirecting
from services.accounts.providers.configured import providers
from services.errors import ConfigurationError, SignInError
from services.i18n import in_chinese, say
from services.settings import Settings

_REGISTERED = {
    "oidc": "providers.registered_oidc",
    "cas": "providers.registered_cas",
    "wecom": "providers.registered_wecom",
    "dingtalk": "providers.registered_dingtalk",
}
"""Provider → by what a person sees that our address is not registered there."""


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
        told = []
        try:
            told.append(asyncio.run(provider.would_work()))
            if isinstance(provider, Redirecting):  # what no question tells
                told.append(say(_REGISTERED[name], callback=f"{settings.public_url}/sign-in/{name}/back"))
        except SignInError as error:
            failed = True
            told.append(error.message)
        for one in told:
            typer.echo(f"{name}: {one}\n    {in_chinese(one)}")
    if failed:
        raise typer.Exit(1)
