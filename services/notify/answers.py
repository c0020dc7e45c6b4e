"""What a provider's answer means. Pure: from status and body to accepted, refused for good, or try again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from services.errors import DeliveryError

SHOWN = 200
"""Characters of an answer that are kept."""


class UnansweredError(DeliveryError):
    """The message went out, and no answer came that says what became of it: it may have arrived."""

    def __init__(self, message: str, *, timed_out: bool) -> None:
        self.timed_out = timed_out
        """Then it is not sent again blindly; after a broken connection it is, marked as a possible repeat."""
        super().__init__(message, permanent=False)


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    host: str
    body: bytes


class _Codes(NamedTuple):
    """A provider that answers 200 whatever happened and says in a field of the body what it was."""

    field: str
    temporary: frozenset[int]
    """Codes after which trying again helps: too fast, busy."""


_DINGTALK = _Codes("errcode", frozenset({-1, 130101, 130102, 410100}))
_WECOM = _Codes("errcode", frozenset({-1, 45009, 45033}))
_FEISHU = _Codes("code", frozenset({11232, 11233, 11247, 99991400}))

PROVIDERS: dict[str, _Codes] = {
    "oapi.dingtalk.com": _DINGTALK,
    "qyapi.weixin.qq.com": _WECOM,
    "open.feishu.cn": _FEISHU,
    "open.larksuite.com": _FEISHU,
}
"""Host of the answer → how its body is read. A new provider is one line."""

_TEMPORARY_4XX = frozenset({408, 425, 429})
_SMTP_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")


def judge(answer: Answer) -> None:
    """Returns if the message was accepted; raises DeliveryError or UnansweredError otherwise."""
    ok, client_errors, server_errors = range(200, 300), range(400, 500), range(500, 600)
    if answer.status in ok:
        if provider := PROVIDERS.get(answer.host):
            _judge_body(provider, answer)
        return
    said = f"HTTP {answer.status} {_shown(answer.body)}".strip()
    if answer.status in server_errors or answer.status in _TEMPORARY_4XX:
        raise DeliveryError(said, permanent=False)
    raise DeliveryError(said, permanent=answer.status in client_errors or answer.status < ok.start)


def judge_smtp(said: str) -> None:
    """What a mail server's refusal means (RFC 5321, 4.2.1: 4yz is temporary, 5yz permanent)."""
    codes = _SMTP_CODE.findall(said)
    raise DeliveryError(said[:SHOWN] or "the mail was not taken", permanent=bool(codes) and codes[0][0] == "5")


def _judge_body(provider: _Codes, answer: Answer) -> None:
    try:
        code = _decode(answer.body)[provider.field]
    except (msgspec.DecodeError, KeyError, TypeError):
        # Somebody else answered (a portal, a proxy), or the provider speaks differently: nobody knows what arrived.
        said = f"an answer that cannot be read: {_shown(answer.body)}"
        raise UnansweredError(said, timed_out=False) from None
    if code != 0:
        raise DeliveryError(_shown(answer.body), permanent=code not in provider.temporary)


_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode


def _shown(body: bytes) -> str:
    return " ".join(body.decode(errors="replace").split())[:SHOWN]
