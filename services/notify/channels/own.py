"""Addresses that people type themselves: which kinds a college allows, and what becomes of what was typed.

Nobody's typing leads this server to a host: of a bot only its token is taken, from a closed set of characters, and goes
to the provider's own address or to the gateway that the college has named; mail goes through the college's server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple
from urllib.parse import quote

from services.errors import AddressError, SettingError
from services.i18n import say
from services.notify.channels.endpoints import split_endpoint
from services.notify.recipients import by_mail

MAIL = "mail"


class Bot(NamedTuple):
    """A kind of bot: where its token stands in the address that the provider's app shows, and what tokens look like."""

    before: str
    behind: str
    token: re.Pattern[str]
    signed: bool = False
    """Whether it may have a secret for signatures."""


def _tokens(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


BOTS: Mapping[str, Bot] = {
    "dingtalk": Bot(
        "https://oapi.dingtalk.com/robot/send?access_token=", "", _tokens(r"[A-Za-z0-9]{16,128}"), signed=True
    ),
    "wecombot": Bot("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", "", _tokens(r"[A-Za-z0-9-]{16,64}")),
    "feishu": Bot("https://open.feishu.cn/open-apis/bot/v2/hook/", "", _tokens(r"[A-Za-z0-9-]{16,64}")),
    "lark": Bot("https://open.larksuite.com/open-apis/bot/v2/hook/", "", _tokens(r"[A-Za-z0-9-]{16,64}")),
    "schan": Bot("https://sctapi.ftqq.com/", ".send", _tokens(r"[A-Za-z0-9]{8,64}")),
}
"""Scheme of Apprise → the bot."""
_SECRET = _tokens(r"[A-Za-z0-9]{16,128}")
_MAILBOX = _tokens(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
"""No address literal, no single word: the college's server is not to be led to a machine of the inner network."""
_SUCH_AS = "mail=college.example,dingtalk,wecombot,feishu"

Wrong = Literal["kind_not_allowed", "no_address", "no_mail_address", "domain_not_allowed", "no_token", "no_secret"]
"""Why what was typed is refused; the pages say it as `own_…`."""


class Policy(NamedTuple):
    """Which addresses a college allows people to set."""

    domains: frozenset[str] | None = None
    """Of mail; empty: any; None: no mail."""
    gateways: Mapping[str, str] = {}
    """Kind of bot → the endpoint to which its messages go; empty: the provider's own."""

    def kinds(self, mail: str | None) -> list[str]:
        """What a person may choose from; `mail`: the college's server."""
        return [*([MAIL] if mail and self.domains is not None else []), *self.gateways]


def read_policy(text: str) -> Policy:
    """`mail=college.example,dingtalk` as PREWARN_OWN_CHANNELS has it. Raises SettingError with what is wrong."""
    domains: set[str] | None = None
    anywhere = False
    gateways: dict[str, str] = {}
    for one in (part.strip() for part in text.split(",") if part.strip()):
        kind, named, value = one.partition("=")
        kind, value = kind.strip().lower(), value.strip()
        if kind == MAIL and (not named or _DOMAIN.fullmatch(value.lower())):
            domains = (domains or set()) | ({value.lower()} if named else set())
            anywhere = anywhere or not named
        elif kind in BOTS and (not named or _is_endpoint(kind, value)):
            gateways[kind] = value
        else:
            expected = f"{', '.join((MAIL, *BOTS))}: {_SUCH_AS}"
            raise SettingError(say("notify.prewarn_own_channels_entry", part=one, expected=expected))
    return Policy(None if domains is None else frozenset() if anywhere else frozenset(domains), gateways)


def _is_endpoint(kind: str, value: str) -> bool:
    try:
        return split_endpoint(f"{kind}://x?endpoint={quote(value, safe='')}")[1] is not None
    except AddressError:
        return False


def read_typed(kind: str, typed: str, secret: str, policy: Policy, mail: str | None) -> str | Wrong:
    """What is kept of an address that somebody typed: `me@college.example`, `dingtalk://TOKEN`; else what is wrong."""
    typed, secret = typed.strip(), secret.strip()
    if kind not in policy.kinds(mail):
        return "kind_not_allowed"
    if not typed:
        return "no_address"
    if kind == MAIL:
        return _read_mail(typed, policy)
    bot = BOTS[kind]
    token = typed.removeprefix(bot.before).removesuffix(bot.behind) if typed.startswith(bot.before) else typed
    if not bot.token.fullmatch(token):
        return "no_token"
    if not (bot.signed and secret):
        return f"{kind}://{token}"
    return f"{kind}://{secret}@{token}" if _SECRET.fullmatch(secret) else "no_secret"


def _read_mail(typed: str, policy: Policy) -> str | Wrong:
    mailbox, _, domain = typed.rpartition("@")
    domain = domain.lower()
    if len(typed) > _LONGEST_MAIL or not _MAILBOX.fullmatch(mailbox) or not _DOMAIN.fullmatch(domain):
        return "no_mail_address"
    return typed if not policy.domains or domain in policy.domains else "domain_not_allowed"


_LONGEST_MAIL = 254
"""Characters (RFC 5321)."""


def sent_to(kind: str, kept: str, policy: Policy, mail: str | None) -> str:
    """The Apprise URL of what is kept, by policy and mail server of now; empty if it is not allowed any more."""
    if kind not in policy.kinds(mail) or (kind == MAIL and _read_mail(kept, policy) != kept):
        return ""
    if kind == MAIL:
        return by_mail(kept, mail or "")
    gateway = policy.gateways[kind]
    return f"{kept}?endpoint={quote(gateway, safe='')}" if gateway else kept


def shown(kind: str, kept: str) -> str:
    """What its owner sees of it: a mail address, the last characters of a token."""
    return kept if kind == MAIL else f"…{kept[-4:]}"
