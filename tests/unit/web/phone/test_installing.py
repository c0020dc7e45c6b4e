"""What makes the phone pages installable is there for whoever comes, and says nothing about anybody."""

import pytest


def test_the_manifest_names_addresses_relative_to_its_own_and_is_in_the_language_of_the_phone(school):
    found = school.at(None).ask("GET", "/manifest.webmanifest", headers={"accept-language": "en"})
    assert found.headers["content-type"].startswith("application/manifest+json")
    said = found.json()
    addresses = [said["start_url"], said["scope"], said["id"], *(one["src"] for one in said["icons"])]
    assert not [one for one in addresses if one.startswith(("/", "http"))]
    for one in said["icons"]:
        assert school.at(None).ask("GET", f"/{one['src']}").status_code == 200
    assert (said["lang"], said["display"]) == ("en", "standalone")


def test_the_service_worker_may_fetch_from_us_alone_and_all_that_it_lays_up_is_there(school):
    found = school.at(None).ask("GET", "/sw.js")
    assert found.headers["content-type"].startswith("text/javascript")
    for path in ("/sw.js", "/manifest.webmanifest", "/offline"):
        headers = school.at(None).ask("GET", path).headers
        assert {"default-src 'none'", "connect-src 'self'"} <= set(headers["content-security-policy"].split("; "))
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
    files = found.text.partition("const FILES = [")[2].partition("]")[0].replace('"', "").split(",")
    assert len(files) > 5
    for one in files:
        assert school.at(None).ask("GET", f"/{one.strip()}").status_code == 200, one


@pytest.mark.parametrize(("language", "words"), [("zh", "没有网络"), ("en", "No network")])
def test_without_network_a_page_says_so_and_knows_nobody(school, language, words):
    shown = school.at("teacher").ask("GET", "/offline", headers={"accept-language": language}).text
    assert words in shown
    assert "teacher" not in shown.lower()


def test_a_phone_page_brings_its_queue_with_whose_it_is_and_the_words_for_it(school):
    school.lesson()
    shown = school.at("teacher").ask("GET", "/lessons/l1/roll-call").text
    assert 'data-person="teacher"' in shown
    assert "data-queue" in shown
    assert "static/phone/queue.js" in shown
