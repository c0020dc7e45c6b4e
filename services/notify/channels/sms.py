"""SMS by the college's own gateway, as a notifier of Apprise; what the gateway must answer stands in docs/notify.md.

`collegesms://TOKEN@gateway.host[:port][/path]/+8613812345678`, `collegesmss://` for https; `?as=form` for a form.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import apprise
import requests
from apprise.manager_plugins import NotificationManager

from services.errors import AddressError

SCHEMES = ("collegesms", "collegesmss")
LONGEST = 2 * 67
"""Characters (UTF-16) of two parts: a message in UCS-2 has 70, each part of a longer one 67 (3GPP TS 23.040)."""
_NUMBER = re.compile(r"\+(?:861[3-9][0-9]{9}|(?!86)[1-9][0-9]{7,14})")


_Base: Any = apprise.NotifyBase
"""Its annotations say that no notifier has a name or a scheme."""
_plugins: Any = NotificationManager


def check_number(address: str) -> None:
    """Raises AddressError if `address` is one of a gateway but names no phone number (E.164, with + and country)."""
    scheme, _, rest = address.partition("://")
    if scheme.lower() in SCHEMES and not _NUMBER.fullmatch(_number(rest)):
        expected = "+ with country and number, such as collegesms://TOKEN@gateway.host/+8613812345678"
        raise AddressError(f"the address names no mobile number (expected: {expected})")


def short(title: str, link: str) -> str:
    """A text of at most two parts: as much of the title as there is room for beside the link, which is never cut."""
    whole = f"{title} {link}".strip()
    if _length(whole) <= LONGEST:
        return whole
    begin = _cut(title, LONGEST - _length(f"… {link}"))
    return f"{begin}… {link}" if begin else link


class CollegeSms(_Base):  # type: ignore[misc]
    """One number behind one gateway."""

    app_id = "Prewarn"
    service_name = "College SMS gateway"
    protocol = SCHEMES[0]
    secure_protocol = SCHEMES[1]
    title_maxlen = 1_000
    body_maxlen = 10_000

    def __init__(self, path: str, number: str, token: str, form: bool, **options: Any) -> None:
        super().__init__(**options)
        self.gateway = f"{'https' if self.secure else 'http'}://{self.host}{f':{self.port}' if self.port else ''}{path}"
        self.number, self.token, self.form = number, token, form
        self.headers: dict[str, str] = {}
        self.payload_extras: dict[str, Any] = {}
        """`link` of the message, and `key`, the same for each attempt at it."""

    def send(self, body: str, title: str = "", **_: Any) -> bool:
        """Whether the gateway was reached and said 2xx; its code is read where all answers are (answers.py)."""
        link = self.payload_extras.get("link")
        said = {"to": self.number, "text": short(title, link) if link else f"{title} {body}".strip()}
        said["key"] = self.payload_extras.get("key", "")
        content: dict[str, Any] = {"data": said} if self.form else {"json": said}
        headers = {"Authorization": f"Bearer {self.token}", **self.headers}
        try:
            answer = requests.post(
                self.gateway, headers=headers, timeout=self.request_timeout, verify=self.verify_certificate, **content
            )
        except requests.RequestException:
            return False
        return bool(answer.ok)

    def url(self, *_: Any, **__: Any) -> str:
        """What Apprise may log: no secret."""
        return f"{self.protocol}://{self.host}/"

    @staticmethod
    def parse_url(url: str) -> dict[str, Any] | None:
        """The parts of an address, as Apprise wants them; none if it is not one."""
        found: dict[str, Any] | None = _Base.parse_url(url)
        if found is None or not found["host"]:
            return None
        path, _, number = unquote(found["fullpath"] or "").rpartition("/")
        return found | {
            "path": path or "/",
            "number": number.replace(" ", ""),
            "token": unquote(found["user"] or ""),
            "form": found["qsd"].get("as", "").lower() == "form",
            "secure": found["schema"] == SCHEMES[1],  # Apprise takes any scheme that ends in s for one with TLS
        }


def register() -> None:
    """Lets Apprise know the schemes."""
    plugins = _plugins()
    if SCHEMES[0] not in plugins:
        plugins.add(CollegeSms)


def _number(rest: str) -> str:
    return unquote(rest.partition("?")[0].rpartition("/")[2]).replace(" ", "")


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, room: int) -> str:
    return text.encode("utf-16-le")[: 2 * max(0, room)].decode("utf-16-le", errors="ignore")
