"""What pages call things: no id where a name does, no unfilled figure, and one day where there are two."""

import re
from datetime import timedelta

import msgspec
import pytest
from starlette.applications import Starlette

from services.app.embedded_routes import embedded_routes
from services.directory import Person
from services.messages import Evidence
from services.notify import wording
from services.notify.testing import CARD, MORNING, change, facts
from services.web.failures import HANDLERS
from tests.unit.web.phone.conftest import EIGHT, School

WARNING = facts().warning_id


def options(page, name):
    chosen = re.search(rf'<select id="{name}".*?</select>', page, re.DOTALL)[0]
    return [one for one in re.findall(r"<option[^>]*>([^<]*)</option>", chosen) if one]


def test_to_whom_is_chosen_by_name_and_of_one_name_by_id_too(notify, browser_of, college):
    alike = [Person(id=one, name=name, email=f"{one}@campus.example") for one, name in (("T7", "李强"), ("T8", "李强"))]
    college.roles["class_tutor"] += [*alike, Person(id="T6", name="赵敏", email="t6@campus.example")]
    notify.take_in([change()], 1)
    found = options(browser_of(notify).get(f"/warnings/{WARNING}/hand-over").text, "to")
    assert {"李强 (T7)", "李强 (T8)", "赵敏"} <= set(found)


@pytest.mark.parametrize(("minutes", "said"), [(0, "到期时"), (60, "超过 1 小时"), (-60, "到期前 1 小时")])
def test_the_threshold_of_what_is_due_is_said_also_where_it_is_the_day_itself(notify, minutes, said):
    card = msgspec.structs.replace(CARD, since="due_at", unit="minutes")
    listener = wording.Listener("zh", notify.config.zone, MORNING, notify.ports)
    assert wording.figures_with_unit(card, facts(threshold=minutes), listener)[1] == said


def test_evidence_out_of_other_warnings_names_what_they_are_about_and_no_warning(make, browser_of, college):
    college.known["rehab"] = "康复治疗技术"
    fields = {"about": "2025/rehab", "change": "opened", "warning": "judged-17"}
    evidence = [Evidence(source="prewarn", id="1", at=MORNING, fields=fields)]
    shown = facts("2025/rehab", evidence=evidence, context={"student": "2025", "major": "rehab"})
    notify = make("about")
    notify.take_in([msgspec.structs.replace(change(subject="2025/rehab"), facts=shown)], 1)
    page = browser_of(notify).get(f"/warnings/{shown.warning_id}").text
    assert "2025 · 康复治疗技术" in page
    assert "judged-17" not in page


def test_a_report_of_a_time_without_messages_says_so(notify, browser_of, college):
    college.roles["college_head"] = [Person(id="H1", name="H1")]
    page = browser_of(notify, "H1").get("/reports/effectiveness?lang=en").text
    assert "Nobody was sent a message." in page
    assert "in the median" not in page


@pytest.mark.parametrize(("days", "says"), [(0, False), (3, True)])
def test_the_sample_college_says_its_day_where_that_is_not_today(tmp_path, days, says):
    school = School(tmp_path / "home")
    try:
        school.embedded.phone.clock = lambda: EIGHT - timedelta(days=days)
        school.app = Starlette(routes=embedded_routes(school.embedded, demo=True), exception_handlers=HANDLERS)
        page = school.at("teacher").get("/?lang=en").text
        assert ("are of its day, Fri 11-20" in page) is says
        assert ("as of today, Mon 11-23" in page) is says
    finally:
        school.embedded.stop()
