"""The report of the sample term after people have acted: its figures are counted anew from the list of warnings."""

import json
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.app.embedded import Embedded
from services.notify.deadlines import HELPED
from services.notify.store.views import dossier
from services.settings import Settings
from tests.faults.running import free_port, prewarn, running, until, warnings

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = "student_affairs"
APART = ("replay", "past", "shadow")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The sample college, its day over and acted on."""
    home = tmp_path_factory.mktemp("report") / "home"
    with running(home, "demo", "--port", str(free_port()), "--seconds", "1") as process:
        until(lambda: "the pages stay" in process.said() or process.ended, "the sample college's day is over")
        assert not process.ended, process.said()
    with Embedded(Settings(home=home)) as embedded:
        notify = embedded.notify
        wanted = [one for one in notify.warnings() if one["status"] == "open" and counts(one)]
        office = notify.ports.directory().holders(OFFICE, {}, notify.ports.clock())[0].id
        for n, one in enumerate(wanted):
            with notify.database.reading() as connection:
                person = dossier(connection, one["id"]).recipients[0].person
            act(notify, n % 8, person, one["id"], office)
    return home


def act(notify, which, person, warning, office):
    """One of eight things that people do, all of them allowed."""
    acts, talks, referrals = notify.acts, notify.talks, notify.referrals
    today = f"{datetime.now(ZONE):%Y-%m-%d}"
    done = []
    if which == 0:
        done = [acts.acknowledge(person, warning), acts.improve(person, warning, "talked", tomorrow())]
    elif which in (1, 2):
        done = [
            acts.close(person, warning, "talked", "fixed"),
            acts.look_back(person, warning, HELPED[which], "so it seems"),
        ]
    elif which in (3, 4, 5):
        done = [referrals.refer(person, warning, OFFICE, "please help")]
        with notify.database.reading() as connection:
            number = connection.exec_driver_sql("SELECT max(id) FROM referral").scalar_one()
        if which == 4:
            done += [referrals.accept(office, warning, number), referrals.answer(office, warning, number, "done")]
        elif which == 5:
            done.append(referrals.refuse(office, warning, number, "not ours"))
    elif which == 6:
        typed = {"day": today, "way": "phone", "agreed": "to come in time", "earlier": "yes", "visibility": "all"}
        done = [talks.not_reached(person, warning), talks.not_reached(person, warning)]
        done.append(talks.record(person, warning, typed))
    assert done == [None] * len(done), (which, done)


def tomorrow():
    return f"{datetime.now(ZONE) + timedelta(days=3):%Y-%m-%d}"


def counts(one):
    """Whether the report counts a warning of the list."""
    return one["highest_level"] != "praise" and one["status"] != "withdrawn" and one["opened_as"] not in APART


def test_every_figure_of_what_people_did_is_counted_again_from_the_list_of_warnings(home):
    report = json.loads(prewarn(home, "report", "effectiveness", "--json").stdout)
    first, last = report["period"]["first"], report["period"]["last"]

    def inside(one):
        opened = datetime.fromisoformat(one["opened_at"]).astimezone(ZONE)
        return counts(one) and first <= f"{opened:%Y-%m-%d}" <= last

    every = warnings(home)
    listed = [one for one in every if inside(one)]
    rules = Counter(one["rule"] for one in listed)
    assert {line["name"]: line["warnings"] for line in report["lines"]} == dict(rules)
    assert report["total"]["warnings"] == len(listed)
    assert report["total"]["acknowledged"] == sum(one["acknowledged_at"] is not None for one in listed) > 0

    states = Counter(state for one in listed for state in one["referrals"])
    assert report["follow_up"] == {
        "talks": sum(one["talks"] for one in listed),
        "not_reached": sum(one["not_reached"] for one in listed),
        "referrals": states.total(),
        "accepted": states["accepted"] + states["answered"],
        "answered": states["answered"],
        "refused": states["refused"],
        "taken_back": states["taken_back"],
        "open": states["waiting"] + states["accepted"],
    }
    assert all(states[one] for one in ("waiting", "answered", "refused"))
    assert report["follow_up"]["talks"]
    assert report["follow_up"]["not_reached"]

    measured, back = [one for one in listed if one["measure_at"]], {one["relapse_of"] for one in every}
    ends, answers = Counter(one["status"] for one in measured), Counter(one["helped"] for one in measured)
    assert report["improvement"] == {
        "measures": len(measured),
        "ended": ends["resolved"],
        "closed": ends["closed"],
        "still_open": ends["open"],
        "relapsed": sum(one["status"] == "resolved" and one["id"] in back for one in measured),
        **{one: answers[one] for one in HELPED},
        "unanswered": answers[None],
    }
    assert ends["closed"]
    assert ends["open"]
    assert answers[HELPED[1]]
