"""`prewarn ingest --mapping`, `prewarn mapping`, `prewarn directory draft`: what they take in, show and refuse."""

import openpyxl
import pytest
from typer.testing import CliRunner

from services.cli import app
from services.errors import PrewarnError
from tests.rule_files import folder, rule

pytestmark = pytest.mark.commands

MAPPING = """mapping: ours
source: app
tables:
- to: ticket
  time: 报修时间
  fields: {ticket: 单号, category: 类别, action: {is: created}}
"""
ROWS = [
    ["某学院报修单"],
    ["单号", "类别", "报修时间"],
    ["T0001", "报修", "2026/9/8 8:00"],
    ["T0002", "没听过", "2026-09-08 上午9:00"],
    ["T0003", "投诉", "昨天"],
    ["合计", 3],
]


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    folder(home / "rules", rule("r"))
    (home / "mappings").mkdir()
    (home / "mappings" / "ours.yaml").write_text(MAPPING, "utf-8")
    return home


@pytest.fixture
def run(home):
    def run(*arguments):
        found = CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found.exit_code, found.output

    return run


@pytest.fixture
def refused(home):
    """What a command is refused with."""

    def run(*arguments):
        found = CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])
        assert isinstance(found.exception, PrewarnError), found.output
        return str(found.exception)

    return run


@pytest.fixture
def file(tmp_path):
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    book.active.title = "工单"
    book.save(tmp_path / "报修.xlsx")
    return tmp_path / "报修.xlsx"


def test_good_rows_are_taken_and_bad_ones_told_by_sheet_row_and_column(run, file):
    code, said = run("ingest", file, "--mapping", "ours")
    assert code == 1
    assert "accepted 接收 1, duplicate 重复 0, rejected 拒收 2" in said
    assert "报修.xlsx row 4, column 类别: the word 没听过 is not known" in said
    assert "报修.xlsx row 5, column 报修时间: 昨天 is not a time" in said
    assert "昨天不是时间" in said
    assert "accepted 接收 0, duplicate 重复 1" in run("ingest", file, "--mapping", "ours")[1]
    assert "T0002" in run("rejected", "show", "1")[1]


def test_a_dry_run_shows_events_counts_and_what_would_be_refused_and_takes_nothing(run, file):
    code, said = run("ingest", file, "--mapping", "ours", "--dry-run")
    assert code == 1
    assert '"ticket":"T0001"' in said
    assert "ticket created: 1" in said
    assert "passed over 略过 row 6: 合计" in said
    assert "rejected 拒收 2" in said
    assert "accepted 接收 1" in run("ingest", file, "--mapping", "ours")[1]


def test_what_a_workbook_looks_like_is_said(run, home, file):
    found = CliRunner().invoke(app, ["--home", str(home), "ingest", str(file)])
    assert found.exit_code == 1
    assert "this looks like ours (expected: --mapping ours)" in str(found.exception)


def test_a_mapping_that_is_wrong_or_not_there_is_told(run, home, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MAPPING.replace("to: ticket", "to: tikket"), "utf-8")
    code, said = run("mapping", "check", wrong)
    assert code == 1
    assert "wrong.yaml:4:7: unknown to tikket (expected: ticket)" in said
    assert run("mapping", "check", "ours") == (0, "ours: → ticket\n")
    code, said = run("mapping", "check", "our")
    assert code == 1
    assert "there is no mapping our (nearest: ours)" in said
    listed = run("mapping", "list")[1]
    assert "dingtalk-attendance: 钉钉考勤异常明细" in listed
    assert "ours: → ticket [" in listed


def test_a_draft_is_written_and_says_how_certain_it_is(run, file, tmp_path):
    to = tmp_path / "m.yaml"
    code, said = run("mapping", "draft", file, "--name", "first", "--to", to)
    assert code == 0
    assert "报修.xlsx: ticket; " in said
    assert to.read_text("utf-8").startswith("mapping: first\n")
    assert '"meaning":"reported"' in run("mapping", "draft", file, "--json")[1]


def test_a_directory_is_drafted_of_several_files_and_what_is_wrong_is_told(run, tmp_path):
    staff, classes = tmp_path / "教职工.csv", tmp_path / "班级信息.csv"
    staff.write_text(
        "工号,姓名,所属部门,所属教研室,职务,离校日期,电子邮箱,备注\n00012,王丽,信息工程系,,信息工程系主任,,a@b.cn,\n",
        "utf-8",
    )
    head = (
        "系部,专业代码,专业名称,年级,班级代码,班级名称,班级简称,班主任,班主任工号,辅导员,辅导员工号,班级导师,导师工号\n"
    )
    row = "信息工程系,510203,软件技术,2026级,k1,软件2601,26软件1班,王丽,{},,,,\n"
    classes.write_text(head + row.format(12), "gb18030")
    code, said = run("directory", "draft", staff, classes, "--to", tmp_path / "people")
    assert code == 0, said
    roles = (tmp_path / "people" / "roles.csv").read_text("utf-8")
    assert "department_head,00012,department,信息工程系" in roles
    assert "class_tutor,00012,class,k1" in roles
    assert run("directory", "import", tmp_path / "people")[0] == 0
    classes.write_text(head + row.format("没有这人"), "gb18030")
    code, said = run("directory", "draft", staff, classes, "--to", tmp_path / "again")
    assert code == 1
    assert "班级信息.csv row 2, column 班主任工号: no " in said
    assert "is called 没有这人" in said
    assert not (tmp_path / "again").exists()


ROLL = "学号,姓名,行政班,专业名称,现在状态,性别\ns1,李娜,软件2601,软件技术,在读,女\ns2,王强,软件2601,软件技术,退学,男\n"
CLASSES = "系部,专业名称,年级,班级代码,班级名称,班主任\n信息工程系,软件技术,2026级,k1,软件2601,程浩(A8)\n"
STAFF = "教职工号,教师姓名,单位名称,行政职务\nA8,程浩,信息工程学院,院长\nA9,程浩,院领导,院长\n"
SIGNED_IN = "学号,姓名,班级,课程,上课日期,节次,签到状态\ns1,李娜,软件2601,高等数学,2026-09-08,1-2节,正常\n"


@pytest.fixture
def files(tmp_path):
    """Files of these names and contents."""

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text, "gb18030")
        return [tmp_path / f"{name}.csv" for name in texts]

    return write


def test_a_file_that_no_mapping_fits_is_refused_with_what_it_lacks_and_nothing_is_written(refused, files, tmp_path):
    given = files(教职工=STAFF, 人员=STAFF.replace("教职工号", "代号"), 猫="甲,乙,丙\n1,2,3\n")
    said = refused("directory", "draft", *given, "--to", tmp_path / "people")
    assert not (tmp_path / "people").exists()
    assert "人员.csv: no mapping fits it; the nearest is staff-list" in said
    assert "there is no column 工号 / " in said
    assert "猫.csv: none of the known mappings fits (expected: one of your own: prewarn mapping draft" in said


def test_a_roll_and_its_changes_in_a_list_of_their_own_are_enrolments(run, files, tmp_path):
    changes = "学号,姓名,性别,行政班,异动类别,异动日期\ns2,王强,男,软件2601,退学,2026年10月19日\n"
    given = files(教职工=STAFF, 班级信息=CLASSES, 学籍=ROLL)
    code, said = run("directory", "draft", *given, "--to", tmp_path / "people")
    assert code == 1
    assert "学籍.csv row 3: the roll says left, but no file says from which day on" in said
    code, said = run("directory", "draft", *given, *files(异动=changes), "--to", tmp_path / "people")
    assert code == 0, said
    assert "s2,王强,k1,,,,2026-10-18," in (tmp_path / "people" / "students.csv").read_text("utf-8")


def test_the_head_of_a_part_of_the_college_is_not_the_head_of_all(run, files, tmp_path):
    given = files(教职工=STAFF, 班级信息=CLASSES)
    code, said = run("directory", "draft", *given, "--to", tmp_path / "people")
    assert code == 0, said
    roles = (tmp_path / "people" / "roles.csv").read_text("utf-8").splitlines()
    assert {one.rstrip(",") for one in roles[1:]} == {
        "college_head,A9",
        "department_head,A8,department,信息工程学院",
        "class_tutor,A8,class,k1",
    }


def test_an_export_of_attendance_is_no_roll_of_students(run, files, tmp_path):
    given = files(教职工=STAFF, 班级信息=CLASSES, 签到=SIGNED_IN)
    code, said = run("directory", "draft", *given, "--to", tmp_path / "people")
    assert code == 0, said
    assert "students" not in said


def test_files_of_several_kinds_have_a_draft_each(run, refused, files, tmp_path):
    given = files(学籍=ROLL, 签到=SIGNED_IN, 签到2=SIGNED_IN)
    assert "the files are of 2 kinds" in refused("mapping", "draft", *given, "--to", tmp_path / "one.yaml")
    assert run("mapping", "draft", *given, "--name", "our", "--to", tmp_path / "drafts")[0] == 0
    first, second = sorted((tmp_path / "drafts").iterdir())
    assert "to: directory/students" in first.read_text("utf-8")
    assert "to: attendance" in second.read_text("utf-8")
    assert run("mapping", "check", second)[0] == 0


def test_a_draft_of_a_file_that_is_known_already_says_by_which_mapping(run, file):
    code, said = run("mapping", "draft", file)
    assert code == 0
    assert "报修.xlsx: this looks like ours (expected: --mapping ours)" in said
