"""What a person does in a browser at a provider's page, until the browser comes back to us."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

CALLBACK = "http://127.0.0.1:9/sign-in/{}/back"
"""Where nobody listens: the browser stops before it."""


def parameters(address: str) -> dict[str, str]:
    """What a return says."""
    return dict(parse_qsl(urlsplit(address).query))


def browser() -> httpx.Client:
    """With cookies, like any; the environment's proxies are not for this machine."""
    return httpx.Client(trust_env=False, timeout=60)


def followed(client: httpx.Client, answer: httpx.Response, back: str) -> httpx.Response | str:
    """The first page that is none of redirects, or the address beginning with `back` to which one leads."""
    for _ in range(10):
        if not answer.is_redirect:
            return answer
        goal = urljoin(str(answer.url), answer.headers["location"])
        if goal.startswith(back):
            return goal
        answer = client.get(goal)
    raise AssertionError(f"redirected for ever: {answer.url}")


def at_openid(
    client: httpx.Client, address: str, name: str, password: str, back: str, *, cancel: bool = False
) -> httpx.Response | str:
    """Signs in at tests/sign_in/oidc/server.mjs."""
    page = followed(client, client.get(address), back)
    if isinstance(page, str):
        return page
    form = {"cancel": "1"} if cancel else {"name": name, "password": password}
    return followed(client, client.post(page.url, data=form), back)


def at_cas(client: httpx.Client, address: str, name: str, password: str, back: str) -> httpx.Response | str:
    """Signs in at django-cas-server."""
    page = followed(client, client.get(address), back)
    if isinstance(page, str):
        return page
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    service = {"service": parameters(address)["service"]}
    sent = {**hidden, **service, "username": name, "password": password}
    return followed(client, client.post(str(page.url), data=sent, headers={"Referer": str(page.url)}), back)
