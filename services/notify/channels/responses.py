"""What a provider's answer means. Pure: from status and body to accepted, refused for good, or try again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from services.errors import DeliveryError, Refused

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
    """An HTTP answer of a provider, before anybody has judged it."""

    status: int
    scheme: str
    """That of the channel's URL, not the host: behind a gateway the provider speaks as it always does."""
    body: bytes


class _Codes(NamedTuple):
    """A provider that answers 200 whatever happened and says in a field of the body what it was."""

    field: str
    temporary: frozenset[int]
    """Codes after which trying again helps: too fast, busy."""
    address: frozenset[int]
    """Codes that refuse whatever is sent to this address: no such bot, a token or signature that is wrong."""
    account: frozenset[int] = frozenset()
    """Codes that refuse whatever is sent with this login."""
    former: str = ""
    """The field as it was called before, which old gateways still answer with."""


_DINGTALK = _Codes(
    "errcode",
    frozenset({-1, 130101, 130102, 410100}),
    frozenset({40014, 300001, 300005, 400101, 400102, 400106}),
)
"""310000 is its word for a missing keyword and a wrong signature alike, so it is held against the message only."""
_WECOM_BOT = _Codes("errcode", frozenset({-1, 45009, 45033}), frozenset({93000, 93008}))
_WECOM_APP = _Codes(
    "errcode",
    frozenset({-1, 45009, 45033, 42001}),
    frozenset({60111, 81013}),
    frozenset({40001, 40013, 40056, 40091, 48002, 60020, 301002}),
)
_FEISHU = _Codes(
    "code",
    frozenset({9499, 11232, 11233, 11247, 99991400}),
    frozenset({19001, 19021, 19022}),
    former="StatusCode",
)
_SERVERCHAN = _Codes("code", frozenset({-1}), frozenset({40001}))
_COLLEGE_SMS = _Codes("code", frozenset({1}), frozenset({2}), frozenset({3}))
"""Our own contract (docs/notify.md): 1 busy, 2 a number that cannot be reached, 3 a token that is not known."""

PROVIDERS: dict[str, _Codes] = {
    "dingtalk": _DINGTALK,
    "wecombot": _WECOM_BOT,
    "wechat": _WECOM_APP,
    "feishu": _FEISHU,
    "lark": _FEISHU,
    "schan": _SERVERCHAN,
    "collegesms": _COLLEGE_SMS,
    "collegesmss": _COLLEGE_SMS,
}
"""Scheme of the URL → how the answer's body is read. A new provider is one line."""

_TOO_FAST = re.compile(
    r"too (many|fast|frequent)|frequency|rate.?limit|busy|频繁|频率|限流|限频|繁忙|稍后", re.IGNORECASE
)
_TEMPORARY_4XX = frozenset({408, 425, 429})
_ADDRESS_REFUSED = frozenset({301, 308, 401, 403, 404, 410})
"""Moved for good, a token that is not known, nothing there: the next message would fare no better."""
_SMTP_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_ENHANCED = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.])")
_OF_RECIPIENTS = ": {"
"""How smtplib writes that it was the recipients who were refused; the sender and the mail itself come in brackets."""
_LOGIN_REFUSED = frozenset({"530", "534", "535", "538"})
_SENDER_REFUSED = frozenset({"5.1.7", "5.1.8", "5.7.8", "5.7.9"})
_MAILBOX_REFUSED = frozenset({"550", "551", "553"})
_NO_MAILBOX = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})


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
        raise DeliveryError(said, permanent=True, refused=_by_status(answer.status))
    said = f"HTTP {answer.status} {_shown(answer.body)}".strip()
    if answer.status in server_errors or answer.status in _TEMPORARY_4XX:
        raise DeliveryError(said, permanent=False)
    permanent = answer.status in client_errors or answer.status < ok.start
    raise DeliveryError(said, permanent=permanent, refused=_by_status(answer.status))


def _by_status(status: int) -> Refused:
    return "address" if status in _ADDRESS_REFUSED else "message"


def judge_smtp(said: str) -> None:
    """What a mail server's refusal means (RFC 5321, 4.2.1: 4yz is temporary, 5yz permanent).

    A login that it refuses (RFC 4954) concerns the account; a recipient's mailbox that is not there or is closed
    (5.1.1, 5.2.1 of RFC 3463; without such a code 550, 551, 553), its address; anything else, this message only.
    """
    codes, found = _SMTP_CODE.findall(said), _ENHANCED.search(said)
    code, enhanced = codes[0] if codes else "", found[0] if found else ""
    refused: Refused = "message"
    if code in _LOGIN_REFUSED or enhanced in _SENDER_REFUSED:
        refused = "account"
    elif _OF_RECIPIENTS in said and code in _MAILBOX_REFUSED and (not enhanced or enhanced in _NO_MAILBOX):
        refused = "address"
    raise DeliveryError(said[:_READ] or "the mail was not taken", permanent=code.startswith("5"), refused=refused)


def _judge_body(provider: _Codes, answer: Answer) -> None:
    try:
        said = _decode(answer.body)
        code = said[provider.former if provider.former in said and provider.field not in said else provider.field]
    except (msgspec.DecodeError, KeyError, TypeError):
        # Somebody else answered (a portal, a proxy), or the provider speaks differently: nobody knows what arrived.
        raise UnansweredError(f"an answer that cannot be read: {_shown(answer.body)}", timed_out=False) from None
    if isinstance(code, bool) or not isinstance(code, int):
        raise UnansweredError(f"an answer that cannot be read: {_shown(answer.body)}", timed_out=False)
    if code != 0:
        refused: Refused = "message"
        if code in provider.address or code in provider.account:
            refused = "address" if code in provider.address else "account"
        words = _shown(answer.body)
        # Providers add codes; what one says in words of a limit is worth another try whatever its number.
        temporary = code in provider.temporary or (refused == "message" and _TOO_FAST.search(words) is not None)
        raise DeliveryError(words, permanent=not temporary, refused=refused)


_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode


def _shown(body: bytes) -> str:
    return " ".join(body.decode(errors="replace").split())[:_READ]
