"""The student's page and my classes, over a college in one process."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from starlette.applications import Starlette

from services.web.pages import Pages
from tests.faults.running import write_table
from tests.unit.web.phone.conftest import EIGHT, Browser, School, directory

DAY, WEEK = timedelta(days=1), timedelta(days=7)
THIS_WEEK = "2026-W48"
COUNTED = "Several warnings of one kind about the same subject are counted as one, the gravest."


def text(answer):
    """What is read: without tags, and in single blanks."""
    main = answer.text.partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&amp;", "&").split())


def attended(school, lesson, student, status, at, **more):
    school.say(
        "attendance",
        at,
        lesson=lesson,
        student=student,
        status=status,
        course=more.pop("course", "math"),
        **{"class": "c1", "hours": 2},
        **more,
    )


def marked(school, student, score, at, lesson="l1", course="math", **more):
    said = {"test": f"{course}-{at:%d}", "max_score": 100, "attempt": 1, "status": "graded"} | more
    key = f"{said['test']}-{said['attempt']}"
    school.say("test", at, lesson=lesson, student=student, course=course, score=score, source=f"sis-{key}", **said)


@pytest.fixture
def term(school):
    """Of s01 something of every kind; the tutor's warning S1 follows of the absences."""
    later = EIGHT - 6 * DAY
    school.later(hours=4)
    for nth in range(3):
        at = later + nth * DAY
        school.lesson(f"l{nth}", at)
        attended(school, f"l{nth}", "s01", "absent", at, note="home <ill>" if nth == 0 else "")
    school.lesson("late", EIGHT)
    attended(school, "late", "s01", "late", EIGHT, minutes_late=7)
    school.lesson("art", EIGHT + timedelta(hours=3), course="art", teacher="ill")
    attended(school, "art", "s01", "present", EIGHT + timedelta(hours=3), course="art")
    marked(school, "s01", 90, later, pass_score=60)
    marked(school, "s01", 30, later + DAY, pass_score=60)
    marked(school, "s01", 50, later + DAY, pass_score=60, attempt=2)
    marked(school, "s01", 41, EIGHT, lesson="art", course="art")
    school.say("assessment", later, period="2026-11", course="math", teacher="teacher", student="s01", overall="poor",
               ratings={"attitude": "fair"}, comment="Sleeps & dreams", **{"class": "c1"})  # fmt: skip
    school.say("leave", later, leave="v", student="s01", status="granted", category="sick", reason="Flu",
               **{"from": (EIGHT + DAY).isoformat(), "to": (EIGHT + 2 * DAY).isoformat()})  # fmt: skip
    school.settle()
    return school


def test_a_tutor_reads_what_was_in_both_languages(term):
    tutor = term.at("tutor")
    zh, en = text(tutor.get("/students/s01?lang=zh")), text(tutor.get("/students/s01?lang=en"))
    assert "学业状态：有 " in zh
    assert "Study state: " in en
    assert "同一类、同一对象的多条预警只计最重的一条。" in zh
    assert COUNTED in en
    for said in ("旷课 · 数学", "迟到 · 数学", "7 分钟", "home &lt;ill&gt;", "评学", "Sleeps & dreams",
                 "请假 · 病假 · 已准假", "Flu", "50 / 100 · 未合格 · 第 2 次（此前 30） · 本人本课程平均 70 %",
                 "合格的检测 1 次",
                 "90 / 100 · 合格"):  # fmt: skip
        assert said in zh, said
    for said in ("absent · Maths", "late · Maths", "7 minutes", "Leave · sick · granted", "attempt 2 (before: 30)",
                 "own mean in the course 70 %", "Overall poor · Attitude fair", "Tests passed: 1"):  # fmt: skip
        assert said in en, said
    assert "s01" not in zh.replace("Student 01", "")
    assert "Class 1" in zh
    assert zh.index("7 分钟") < zh.index("home"), "the newest first"


def test_warnings_and_what_was_done_stand_in_it_with_the_sentence_of_the_warning(term):
    tutor = term.at("tutor")
    page = tutor.get("/students/s01?lang=en").text
    found = dict.fromkeys(re.findall(r'href="(/warnings/[^"/]+)"', page))
    address = next(one for one in found if "/acknowledge" in tutor.get(one).text)
    sentence = re.search(r'class="message">([^<]+)<', tutor.get(f"{address}?lang=en").text)[1]
    assert sentence in page
    assert 'href="/students/s01"' in tutor.get(address).text

    def hidden(name):
        return re.search(rf'name="{name}" value="([^"]*)"', tutor.get(address).text)[1]

    assert tutor.send(f"{address}/acknowledge", {"token": hidden("token")}).status_code == 303
    named = {"measure": "Talked <to> him", "due": "2026-11-30"}
    said = {"token": hidden("token"), "version": hidden("version")} | named
    assert tutor.send(f"{address}/improve", said).status_code == 303
    page = text(tutor.get("/students/s01?lang=en"))
    assert "Tutor · Named a measure" in page
    assert "Talked &lt;to&gt; him" in page


def test_what_is_taken_back_is_said_so_and_is_open_no_more(term):
    tutor = term.at("tutor")
    before = text(tutor.get("/students/s01?lang=en"))
    for nth in range(3):
        attended(term, f"l{nth}", "s01", "present", EIGHT - 6 * DAY + nth * DAY, source="phone")
    term.settle()
    after = text(tutor.get("/students/s01?lang=en"))
    assert after.count("Taken back") > before.count("Taken back")
    hours = re.findall(r"(Opened|Raised|Taken back) · Hours absent", after)
    assert hours[0] == "Taken back", "the newest on top"
    assert "Opened · Hours absent without leave 4 hours / 4 hours ·" in after, "the figures of then"
    assert "absent · Maths" not in after


def test_a_teacher_sees_all_attendance_and_of_the_rest_the_own_course(term):
    maths, art = (text(term.at(one).get("/students/s01?lang=en")) for one in ("teacher", "stand_in"))
    for page in (maths, art):
        assert "absent · Maths" in page
        assert "those of your own courses" in page
        assert "Flu" not in page
        assert "sick" not in page
    assert "Sleeps & dreams" in maths
    assert "41 / 100" not in maths
    assert "home &lt;ill&gt;" in maths, "a note on their own course"
    assert "41 / 100" in art
    assert "Sleeps & dreams" not in art
    assert "home &lt;ill&gt;" not in art
    assert term.at("other").get("/students/s01").status_code == 404


def test_students_see_theirs_once_the_college_says_so_without_notes_and_links(term):
    own = term.at("s01")
    assert own.get("/students/s01").status_code == 404
    notify = term.embedded.notify
    notify.config = replace(notify.config, student_pages=True)
    page = own.get("/students/s01?lang=en")
    assert page.status_code == 200
    assert "Study state" in text(page)
    assert "Flu" in text(page), "their own reason"
    for kept in ("Sleeps & dreams", "home &lt;ill&gt;"):
        assert kept not in text(page)
    assert "/warnings/" not in page.text
    assert own.get("/students/s02").status_code == 404
    assert "please" in text(term.at("tutor").get("/students/s01?lang=en")).lower()
    assert "please" not in text(page).lower(), "that is for staff"
    start = own.get("/").text
    assert '/students/s01"' in start
    for of_staff in ("/day", "/referrals", "/inbox/"):
        assert f'href="{of_staff}' not in start
    assert "/students/" not in term.at("tutor").get("/").text


def test_a_course_alone(term):
    tutor = term.at("tutor")
    page = text(tutor.get("/students/s01?course=art&lang=en"))
    line = page.partition("Time line")[2]
    assert "41 / 100" in line
    assert "Maths" not in line.partition("Show")[2]
    assert "Flu" not in line
    assert "Nothing is recorded of this course" in text(tutor.get("/students/s01?course=none&lang=en"))


@pytest.mark.parametrize("until", ["2026-W48", "2026-W01", "2199-W30"])
def test_a_week_in_the_address_and_older_pages(term, until):
    page = term.at("tutor").get(f"/students/s01?until={until}&lang=en")
    assert page.status_code == 200
    assert ("absent · Maths" in text(page)) == (until == "2026-W48")
    older = re.search(r'class="button plain" href="(/students/s01\?[^"]+)"', page.text)
    assert (older is not None) == (until == "2199-W30"), "only where there is something before"


@pytest.mark.parametrize(
    "wrong", ["2026", "2026-W54", "2026-W00", "x" * 300, "9999-W10", "0001-W01", "二〇二六", "2026-W48-1"]
)
def test_what_is_no_week_is_said_and_the_present_one_shown(term, wrong):
    for path in (f"/students/s01?until={quote(wrong)}&lang=en", f"/classes?week={quote(wrong)}&lang=en"):
        page = term.at("tutor").get(path)
        assert page.status_code == 400, path
        assert "2026-W48. The present one is shown" in text(page)
        assert "Student 01" in text(page)


def test_a_page_goes_back_a_term_and_older_ones_further(school):
    for nth in (0, 25, 60):
        school.lesson(f"l{nth}", EIGHT - nth * WEEK)
        attended(school, f"l{nth}", "s02", "absent", EIGHT - nth * WEEK)
    tutor, path, seen = school.at("tutor"), "/students/s02?lang=en", []
    while path:
        page = tutor.get(path).text
        seen += re.findall(r"<time>([^<]*)</time>\s*<p>absent", page)
        older = re.search(r'class="button plain" href="(/students/s02\?[^"]+)"', page)
        path = f"{older[1]}&lang=en" if older else ""
    assert len(seen) == 3, seen


def test_many_lines_are_cut_between_weeks_and_none_is_lost(school):
    taught = [nth for nth in range(19) if nth != 7]  # the week of the National Day
    for nth in taught:
        for n in range(45):
            at = EIGHT - nth * WEEK - timedelta(minutes=n)
            attended(school, f"l{nth}-{n}", "s03", "absent", at)
    tutor, path, pages = school.at("tutor"), "/students/s03", []
    while path:
        page = tutor.get(path).text
        pages.append(page.count("<time>"))
        older = re.search(r'class="button plain" href="(/students/s03\?[^"]+)"', page)
        path = older[1] if older else ""
    assert sum(pages) == len(taught) * 45
    assert len(pages) > 1
    assert all(n % 45 == 0 for n in pages)


def test_nothing_recorded_and_unknown_students(school):
    tutor = school.at("tutor")
    assert "no warning is open" in text(tutor.get("/students/s02?lang=en"))
    assert "Nothing is recorded" in text(tutor.get("/students/s02?lang=en"))
    assert COUNTED not in text(tutor.get("/students/s02?lang=en"))
    for unknown in ("nobody", "t0", "a/b", "学生", quote("学生/一"), "x" * 200, "%00"):
        assert tutor.get(f"/students/{unknown}").status_code == 404, unknown
    assert school.at(None).get("/students/s01").status_code == 303
    assert school.at("s01").get("/students/nobody").status_code == 404


STRANGE = ["a/b", "学生 一", "x?y&z=1#%41", 'O\'Neil "<b>"']


@pytest.fixture
def strange(tmp_path):
    """Students whose ids are anything; one moves to the other class on Wednesday, one has left."""
    home = tmp_path / "home"
    directory(home / "directory")
    rows = [(one, f"Name {n}", "c1", "", "") for n, one in enumerate(STRANGE)]
    rows += [("moves", "Mover", "c1", "", "2026-11-24"), ("moves", "Mover", "c2", "2026-11-25", "")]
    rows += [("left", "Gone", "c1", "", "2026-11-22"), ("twin1", "Twin", "c1", "", ""), ("twin2", "Twin", "c1", "", "")]
    roles = [("class_tutor", "tutor", "class", "c1", ""), ("class_tutor", "other", "class", "c2", "")]
    write_table(home / "directory", "roles.csv", "role,person,scope_kind,scope,class", roles)
    found = School.over(home, rows)
    yield found
    found.embedded.stop()


def test_ids_with_slashes_and_in_chinese_lead_to_their_page(strange):
    tutor = strange.at("tutor")
    strange.lesson()
    page = tutor.get("/classes").text
    links = re.findall(r'<th scope="row"><a href="([^"]+)" dir="auto">(Name \d)', page)
    assert len(links) == len(STRANGE)
    for link, name in links:
        answer = tutor.get(link.replace("&#39;", "'").replace("&amp;", "&"))
        assert answer.status_code == 200, link
        assert f'<h1 dir="auto">{name}</h1>' in answer.text


def test_who_moves_stands_in_the_table_until_they_do_and_is_seen_by_whom_they_have_moved_to(strange):
    strange.lesson("mon", EIGHT)
    strange.lesson("thu", EIGHT + 3 * DAY)
    attended(strange, "mon", "moves", "absent", EIGHT)
    strange.later(days=3)
    row = re.search(
        r'<tr><th scope="row">(?:(?!<tr>).)*Mover.*?</tr>', strange.at("tutor").get("/classes?lang=en").text, re.DOTALL
    )[0]
    assert re.findall(r'<td class="([^"]*)">', row) == ["absent", "elsewhere", "sum"]
    assert "<a" not in row, "not theirs any more"
    assert strange.at("tutor").get("/students/moves").status_code == 404
    assert "absent · Maths" in text(strange.at("other").get("/students/moves?lang=en"))
    assert strange.at("tutor").get("/students/left").status_code == 404


def test_two_of_one_name_are_told_apart_and_others_have_no_number(strange):
    strange.lesson()
    page = text(strange.at("tutor").get("/classes?lang=en"))
    assert "Twin win1" in page or "Twin twin1" in page
    assert "moves" not in page


def test_my_classes_say_who_needs_a_talk_first_and_what_was_recorded(term):
    attended(term, "late", "s02", "absent", EIGHT)
    term.settle()
    page = term.at("tutor").get("/classes?lang=en")
    talks = re.findall(r'<li><span class="row"><strong><a[^>]*>([^<]+)', page.text)
    assert talks == ["Student 01", "Student 02"]
    assert "absent 1" in text(page)
    assert COUNTED in text(page)
    cells = dict(re.findall(r'<th scope="row"><a href="/students/(s\d\d)".*?</th>(.*?)</tr>', page.text))
    assert re.findall(r'<td class="(\w+)">', cells["s01"]) == ["late", "present", "sum"]
    assert re.findall(r'<td class="(\w+)">', cells["s12"]) == ["exempt", "exempt", "sum"]
    assert re.findall(r'<td class="(\w+)">', cells["s05"]) == ["unsaid", "unsaid", "sum"]
    before = term.at("tutor").get("/classes?week=2026-W47&lang=en")
    assert 'href="/classes?class=c1&amp;week=2026-W46"' in before.text
    assert 'href="/classes?class=c1&amp;week=2026-W48"' in before.text
    assert before.text.count('<td class="absent">') == 3
    assert "There are no lessons in this week" in text(term.at("tutor").get("/classes?week=2100-W01&lang=en"))


def test_classes_of_others_are_not_shown_and_asking_is_on_record(term):
    assert term.at("teacher").get("/classes?class=c1").status_code == 200
    for asked in ("c2", "none", "学/1", "x" * 200):
        assert term.at("teacher").get(f"/classes?class={quote(asked)}").status_code == 404, asked
    with term.embedded.notify.database.reading() as connection:
        lines = connection.exec_driver_sql("SELECT person, what FROM access").fetchall()
    assert ("teacher", "class c2") in [tuple(one) for one in lines]
    assert "You have no class" in text(term.at("s01").get("/classes?lang=en"))
    assert "You have no class" in text(term.at("other").get("/classes?lang=en"))


def test_whoever_has_classes_is_led_there_and_nobody_else(term):
    for person, has in (("tutor", True), ("teacher", True), ("stand_in", True), ("other", False), ("s01", False)):
        browser = term.at(person)
        for path in ("/", f"/inbox/{person}", "/day"):
            assert ('href="/classes"' in browser.get(path).text) == has, (person, path)


def test_a_roll_call_leads_to_whom_the_teacher_may_see(term):
    page = term.at("teacher").get("/lessons/late/roll-call").text
    assert 'href="/students/s01"' in page
    term.lesson("both", EIGHT, classes=["c1", "c2"])
    page = term.at("teacher").get("/lessons/both/roll-call").text
    assert 'href="/students/s01"' in page
    assert 'href="/students/t0"' not in page, "of a class where they do not teach by name"


def test_a_process_without_ingests_database_shows_the_warnings_and_says_so(term):
    notify = term.embedded.notify
    term.app = Starlette(routes=Pages(notify, phone=None).routes())
    tutor = Browser(term, "tutor")
    page = text(tutor.get("/students/s01?lang=en"))
    assert "does not share ingest" in page
    assert "Opened · " in page
    assert "absent · Maths" not in page
    page = text(tutor.get("/classes?lang=en"))
    assert "does not share ingest" in page
    assert "Student 01" in page
