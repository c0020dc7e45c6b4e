"""The printed notice: what stands on it, by our template or the college's own, which is checked."""

import re

import pytest
from typer.testing import CliRunner

from services.app.embedded import Embedded
from services.cli import app
from services.notify.testing import change, facts
from services.settings import Settings
from services.web import printing
from services.web.notice_pages import _facts
from tests.rule_files import folder, rule

ID = facts().warning_id
PAGE = f"/warnings/{ID}/notice"


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<main") :]))


@pytest.fixture
def notify(make):
    notify = make()
    notify.take_in([change(context={"student": "S1", "course": "MATH", "class": "C1", "department": "D1"})], 1)
    return notify


@pytest.fixture
def own(notify):
    """Writes the college's own template."""

    def own(text, language="zh"):
        path = printing.path_of(notify.config.home, language)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return own


def test_the_notice_says_what_is_so_and_no_ids(notify, browser_of):
    page = browser_of(notify).get(f"{PAGE}?lang=zh")
    said = words(page.text)
    assert "学业预警通知书" in said
    assert "自 2026-11-23 起，对你发出黄色预警“连续旷课”。" in said
    assert "截至 2026-11-23，该预警尚未解除。" in said
    assert "谈话记录" in said
    assert "本人已收到 2026-11-23 的《学业预警通知书》“连续旷课”，并已阅读其内容。" in said
    assert "家长" not in said
    for id_ in (ID, "absence-streak", "S1/MATH", "rollcall", "student.absence_streak", "T1"):
        assert id_ not in said
    english = words(browser_of(notify).get(f"{PAGE}?lang=en").text)
    assert "Since 2026-11-23 there has been this warning about you: Yellow warning “Consecutive absences”." in english


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("resolved", "The warning ended on 2026-11-23: the figures are back in order."),
        ("withdrawn", "The warning was taken back on 2026-11-23, because a record was corrected. It does not count"),
        ("closed", "As of 2026-11-23 the warning is closed (since 2026-11-23)."),
    ],
)
def test_of_what_is_over_it_says_that(notify, browser_of, clock, kind, said):
    if kind == "closed":
        notify.acts.close("T1", ID, "谈话", "fixed")
    else:
        notify.take_in([change(kind, 2, closed_at=clock.now)], 2)
    assert said in words(browser_of(notify).get(f"{PAGE}?lang=en").text)


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        (
            "张伟本学期已旷课 4 学时，预警线为 4 学时。请了解情况并与学生谈话",
            "张伟本学期已旷课 4 学时，预警线为 4 学时。",
        ),
        ("张伟在数学课上已连续旷课 2 次，请联系学生", "张伟在数学课上已连续旷课 2 次。"),
        ("张伟缺课，请假的也计入，请谈话", "张伟缺课，请假的也计入。"),
        ("2 hours absent; the line is 4. Please find out why, and talk", "2 hours absent; the line is 4."),
        ("2 times in a row; please get in touch", "2 times in a row."),
        ("到课率 80%（请假的不计入应到）", "到课率 80%（请假的不计入应到）。"),
        ("请了解情况", "请了解情况。"),
    ],
)
def test_what_a_sentence_asks_of_staff_is_not_on_the_paper(sentence, said):
    assert _facts(sentence, "。" if re.search("[一-龥]", sentence) else ".") == said


def test_of_good_news_there_is_none(make, browser_of):
    notify = make()
    notify.take_in([change(level="praise")], 1)
    assert browser_of(notify).get(PAGE).status_code == 404


def test_the_colleges_own_template_is_used_and_escapes_what_is_filled_in(notify, browser_of, own, college):
    college.known["S1"] = "<b>张伟</b>"
    own("<h1>某某学院</h1>{{ student }} {{ kind }}{% for talk in talks %}{{ talk.agreed }}{{ loop.index }}{% endfor %}")
    page = browser_of(notify).get(f"{PAGE}?lang=zh").text
    assert "<h1>某某学院</h1>&lt;b&gt;张伟&lt;/b&gt; 黄色预警" in page
    assert "回执" not in words(page)
    assert "Receipt" in words(browser_of(notify).get(f"{PAGE}?lang=en").text)  # of which they have none


BAD = {
    "{{ heading }}\n{{ studnet }}": (":2", "there is no field studnet (expected: student)"),
    "{% for talk in talks %}\n\n{{ talk.agred }}{% endfor %}": (":3", "there is no field agred (expected: agreed)"),
    "a\n{% if student %}": (":2", "the template cannot be used: "),
    "{{ student|shout }}": (":1", "the template cannot be used: No filter named 'shout'"),
    "x\n{% include 'other.html' %}": (":2", "a template stands alone"),
    "{{ ''.__class__ }}": (":1", "there is no field __class__"),
    "{{ student['__class__'] }}": ("", "the template cannot be used: "),
    "{% for a in [1] * 9 %}{{ 1 / (a - 1) }}{% endfor %}": ("", "the template cannot be used: "),
    "{{ talks[7].day }}": ("", "the template cannot be used: "),
}


@pytest.mark.parametrize("text", BAD)
def test_a_template_with_a_slip_is_named_with_its_line_and_ours_is_used(notify, browser_of, own, text):
    path, (line, said) = own(text), BAD[text]
    (problem,) = printing.check(notify.config.home)
    assert problem.where == f"{path}{line}"
    assert said in str(problem)
    page = browser_of(notify).get(f"{PAGE}?lang=en").text
    assert "notice.zh.html" not in page  # the English one has none
    page = browser_of(notify).get(f"{PAGE}?lang=zh").text
    assert f"notice.zh.html{line}: " in page
    assert "回执" in words(page)
    assert str(path.parent) not in page


def test_the_doctor_looks_at_the_template(tmp_path):
    home = tmp_path / "home"
    folder(home / "rules", rule())
    with Embedded(Settings(home=home)):
        (home / "printed").mkdir()
    (home / "printed" / "notice.zh.html").write_text("{{ student }}\n{{ clas_name }}", "utf-8")
    (home / "printed" / "notise.en.html").write_text("{{ student }}", "utf-8")
    found = CliRunner().invoke(app, ["--home", str(home), "doctor"])
    assert found.exit_code == 1
    assert "notice.zh.html:2: there is no field clas_name (expected: class_name)" in found.output
    assert "notise.en.html: this file is not used (expected: notice.en.html)" in found.output


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 200_001], ids=["no UTF-8", "too large"])
def test_a_file_that_is_no_template_is_refused(notify, own, content):
    own("").write_bytes(content)
    assert len(list(printing.check(notify.config.home))) == 1


def test_our_own_templates_have_no_slips():
    for language in ("zh", "en"):
        path = printing._OURS / f"notice.{language}.html"
        assert printing._read(path)[1] == []
