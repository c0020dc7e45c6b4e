"""Commands that ask about a college: in a folder without one they say so and create nothing."""

from __future__ import annotations

from pathlib import Path

import typer

from services.cli.telling import tell_error
from services.errors import ConfigurationError
from services.i18n import say
from services.settings import Settings

_SIGNS = (
    "prewarn.db",
    "notify.db",
    "rules",
    "rules.old",
    "directory",
    "directory.previous",
    "editions",
    "profile.json",
)
"""One of these lies in the folder of every college, or of a notify of the cluster whose store is not elsewhere."""


def college(context: typer.Context) -> Settings:
    """The settings, if there is a college in their home, brokers or database; else ends with exit code 2."""
    settings: Settings = context.obj
    elsewhere = settings.brokers is not None or settings.database_url is not None
    if not elsewhere and not any((settings.home / name).exists() for name in _SIGNS):
        tell_error(ConfigurationError(say("cli.no_college_here", home=settings.home)))
        raise typer.Exit(2)
    return settings


def rules_in_use(context: typer.Context) -> Path:
    """The folder of the rules; those that come with Prewarn are meant only where nobody named a home or rules."""
    settings: Settings = context.obj
    if "home" in settings.model_fields_set and settings.rules is None:
        college(context)
    return settings.rules_folder
