"""Apprise's notifiers, loaded once, with the college's SMS gateway (sms.py) among them."""

from __future__ import annotations

import warnings
from functools import cache

import apprise

from services.notify.channels.sms import register


@cache
def load_plugins() -> None:
    """Apprise reads its plugins when it makes the first service, and one of them needs a module that Python drops."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")
    register()
