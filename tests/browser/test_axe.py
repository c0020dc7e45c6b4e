"""Each page that a person of the sample college comes to: axe-core finds nothing serious, nothing moves sideways."""

import re

import pytest

from tests.browser import DESK, PHONE, findings, picture, sideways

MOST_WARNINGS, MOST_STUDENTS = 12, 2


def looks(page, source, name):
    picture(page, name)
    found = findings(page, source)
    return [*found, f"{page.url} is wider than its window"] if sideways(page) else found


def own(page, base):
    """The pages that this one leads to, each kind of warning once."""
    links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    mine = [link for link in dict.fromkeys(links) if link.startswith(base) and "#" not in link and "lang=" not in link]
    warnings = [link for link in mine if "/warnings/" in link][:MOST_WARNINGS]
    students = [link for link in mine if "/students/" in link][:MOST_STUDENTS]
    others = [link for link in mine if not any(part in link for part in ("/warnings/", "/students/", "/static/"))]
    return others + students + warnings


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone, light", "desk, dark"])
def test_no_page_of_the_busiest_and_of_the_office_has_a_serious_finding(
    chromium, sample, axe_source, size, scheme, language
):
    viewport = {"width": size[0], "height": size[1]}
    seen, found = set(), []
    for nth in (0, -1):
        with chromium.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce") as context:
            page = context.new_page()
            page.goto(f"{sample.address}/?lang={language}")
            if nth == 0:
                found += looks(page, axe_source, f"sign-in-{size[0]}-{language}")
            page.locator(".people button").nth(nth).click()
            page.wait_for_load_state()
            todo = [page.url, *own(page, sample.address)]
            while todo:
                link = todo.pop(0)
                kind = re.sub(r"[0-9a-f-]{36}", "one", link)
                if (link if "/warnings/" in link else kind) in seen:
                    continue
                seen.add(link if "/warnings/" in link else kind)
                assert page.goto(link).ok, link
                found += looks(
                    page, axe_source, f"{kind.removeprefix(sample.address)}-{size[0]}-{language}-{len(seen)}"
                )
            assert page.goto(f"{sample.address}/nowhere").status == 404
            found += looks(page, axe_source, f"404-{size[0]}-{language}")
    assert len(seen) >= MOST_WARNINGS
    assert not found, "\n".join(found)
