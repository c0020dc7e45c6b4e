"""A message as a mail shows it: lines stay lines, the link can be clicked, and nothing in it is markup."""

from __future__ import annotations

from html import escape

from services.notify.texts import Message

SCHEMES = frozenset({"mailto", "mailtos"})


def as_html(message: Message) -> str:
    """The body as HTML. Only our own link is one: an address that stands in an id or a name stays text."""
    body = "<br>".join(escape(line) for line in message.body.splitlines())
    link = escape(message.extras.get("link", ""))
    return body.replace(link, f'<a href="{link}">{link}</a>') if link else body
