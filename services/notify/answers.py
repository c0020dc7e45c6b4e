"""What a provider's answer means. Pure: from status and body to accepted, refused for good, or try again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from services.errors import DeliveryError

SHOWN = 250
"""Characters of an error that are kept."""
_READ = 10_000
"""Characters of an answer that are read: it is shortened once its secrets are out, or half of one would stay."""


class UnansweredError(DeliveryError):
    """The message went out, and no answer came that says what became of it: it may have arrived."""

    def __init__(self, message: str, *, timed_out: bool) -> None:
        self.timed_out = timed_out
        """Then it is not sent again blindly; after a broken connection it is, marked as a possible repeat."""
        super().__init__(message, permanent=False)


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    scheme: str
    """That of the channel's URL, not the host: behind a gateway the provider speaks as it always does."""
    body: bytes


class _Codes(NamedTuple):
    """A provider that answers 200 whatever happened and says in a field of the body what it was."""

    field: str
    temporary: frozenset[int]
    """Codes after which trying again helps: too fast, busy."""


_DINGTALK = _Codes("errcode", frozenset({-1, 130101, 130102, 410100}))
_WECOM = _Codes("errcode", frozenset({-1, 45009, 45033}))
_FEISHU = _Codes("code", frozenset({11232, 11233, 11247, 99991400}))

_SERVERCHAN = _Codes("code", frozenset({-1}))

PROVIDERS: dict[str, _Codes] = {
    "dingtalk": _DINGTALK,
    "wecombot": _WECOM,
    "wechat": _WECOM,
    "feishu": _FEISHU,
    "lark": _FEISHU,
    "schan": _SERVERCHAN,
}
"""Scheme of the URL → how the answer's body is read. A new provider is one line."""

_TEMPORARY_4XX = frozenset({408, 425, 429})
_SMTP_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")


def judge(answer: Answer) -> None:
    """Returns if the message was accepted; raises DeliveryError or UnansweredError otherwise."""
    ok, elsewhere, client_errors = range(200, 300), range(300, 400), range(400, 500)
    server_errors = range(500, 600)
    if answer.status in ok:
        if provider := PROVIDERS.get(answer.scheme):
            _judge_body(provider, answer)
        return
    if answer.status in elsewhere:
        said = f"HTTP {answer.status}: it sends us elsewhere, and the message with its token was not sent on"
        raise DeliveryError(said, permanent=True)
    said = f"HTTP {answer.status} {_shown(answer.body)}".strip()
    if answer.status in server_errors or answer.status in _TEMPORARY_4XX:
        raise DeliveryError(said, permanent=False)
    raise DeliveryError(said, permanent=answer.status in client_errors or answer.status < ok.start)


def judge_smtp(said: str) -> None:
    """What a mail server's refusal means (RFC 5321, 4.2.1: 4yz is temporary, 5yz permanent)."""
    codes = _SMTP_CODE.findall(said)
    raise DeliveryError(said[:_READ] or "the mail was not taken", permanent=bool(codes) and codes[0][0] == "5")


def _judge_body(provider: _Codes, answer: Answer) -> None:
    try:
        code = _decode(answer.body)[provider.field]
    except (msgspec.DecodeError, KeyError, TypeError):
        # Somebody else answered (a portal, a proxy), or the provider speaks differently: nobody knows what arrived.
        said = f"an answer that cannot be read: {_shown(answer.body)}"
        raise UnansweredError(said, timed_out=False) from None
    if isinstance(code, bool) or not isinstance(code, int):
        raise UnansweredError(f"an answer that cannot be read: {_shown(answer.body)}", timed_out=False)
    if code != 0:
        raise DeliveryError(_shown(answer.body), permanent=code not in provider.temporary)


_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode


def _shown(body: bytes) -> str:
    return " ".join(body.decode(errors="replace").split())[:_READ]
