"""`prewarn directory import`: the difference first, all or nothing, and no half file by mistake."""

from __future__ import annotations

import csv
import shutil
import zipfile
from datetime import UTC, date, datetime

import pytest

from services.app.demo import College
from services.directory import difference, load, load_installed, offered, write
from services.errors import DirectoryError
from services.tabular.archives import LARGEST_UNPACKED


@pytest.fixture
def installed(folder, home, run):
    """The college is in use."""
    assert run("import", folder)[0] == 0
    return home / "directory"


def rewrite(path, change):
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def test_the_first_import_adds_everything_and_is_in_use(folder, home, run):
    code, told = run("import", folder, "--limit", "2")
    assert code == 0
    assert told.splitlines()[:4] == [
        "people: 5 added",
        "  people anna added: id – → anna, name – → 安娜, email – → anna@college.test, language – → zh",
        "  people bo added: id – → bo, name – → 薄老师, email – → bo@college.test, language – → zh",
        "  … and 3 more 条未列出",
    ]
    assert told.splitlines()[-1] == f"31 differences 处不同; version {load(folder).version} is in use"
    assert load(home / "directory").version == load(folder).version


def test_of_the_rules_only_the_calendar_is_asked(folder, home, run):
    rules = home / "rules"
    rules.mkdir(parents=True)
    (rules / "attendance.yaml").write_text("rules: 3\n", "utf-8")
    (rules / "calendar.yaml").write_text("time_zone: Asia/Urumqi\n", "utf-8")
    assert run("import", folder)[0] == 0
    (rules / "calendar.yaml").write_text("time_zone: Asia/Nowhere\n", "utf-8")
    code, told = run("import", folder)
    assert (code, "calendar.yaml:1:12" in told, "Asia/Nowhere" in told) == (1, True, True)


def test_a_dry_run_tells_what_is_added_changed_and_removed_and_writes_nothing(folder, add, installed, run):
    before = load(installed).version
    rewrite(folder / "people.csv", lambda text: text.replace("anna@college.test", "a@college.test"))
    add("students.csv", "s3,李三,m2601,2026-10-01,,,")
    (folder / "sources.csv").unlink()
    code, told = run("import", folder, "--dry-run")
    assert (code, told.splitlines()) == (0, [
        "people: 1 changed",
        "  people anna changed: email anna@college.test → a@college.test",
        "students: 1 added",
        "  students s3/2026-10-01 added: id – → s3, name – → 李三, class – → m2601, from – → 2026-10-01",
        "sources: 1 removed",
        "  sources phone removed: id phone → –, owner anna → –, expected_interval 3600 → –",
        "sources: 1 of 1 would go (expected: the whole table, or --yes-remove if that is meant)",
        "    1 行中将有 1 行被删除（应为：完整的表；确要删除请加 --yes-remove）",
        f"3 differences 处不同; version {load(folder).version} is not in use",
    ])  # fmt: skip
    assert load(installed).version == before


def test_exemptions_suspensions_and_ranks_come_with_an_import_and_its_difference(folder, add, installed, run):
    add("students.csv", "s2,,m2601,2026-10-01,,,,suspended")
    add("exemptions.csv", "s1,test,2026-10-01,,免修")
    rewrite(folder / "sources.csv", lambda text: text.replace("1h,,", "1h,1,exceptions_only"))
    code, told = run("import", folder)
    assert (code, told.splitlines()[:-1]) == (0, [
        "students: 1 added",
        "  students s2/2026-10-01 added: id – → s2, class – → m2601, from – → 2026-10-01, status – → suspended",
        "exemptions: 1 added",
        "  exemptions s1/test/2026-10-01 added: student – → s1, of – → test, from – → 2026-10-01, why – → 免修",
        "sources: 1 changed",
        "  sources phone changed: rank – → 1, lists – → exceptions_only",
    ])  # fmt: skip
    october = datetime(2026, 10, 8, 4, tzinfo=UTC)
    college = load(installed)
    assert (college.enrolled("s2", october), college.exempt("s1", "test", october)) == (False, "免修")
    assert (college.source_rank("phone"), college.source_lists("phone")) == (1, "exceptions_only")
    assert run("import", folder)[1].startswith("0 differences")


def test_exemptions_that_are_over_are_no_reason_to_ask(folder, add, installed, run):
    add("exemptions.csv", "s1,attendance,2026-10-01,,免修")
    assert run("import", folder)[0] == 0
    (folder / "exemptions.csv").unlink()
    code, told = run("import", folder)
    assert (code, told.splitlines()[0]) == (0, "exemptions: 1 removed")


def test_the_difference_as_json_is_whole_and_shows_no_channel(folder, installed, run):
    rewrite(folder / "people.csv", lambda text: text.replace("json://chen.test", "json://token.test"))
    code, told = run("import", folder, "--dry-run", "--json", "--limit", "0")
    assert code == 0
    assert told["differences"] == [
        {"table": "people", "change": "changed", "row": "chen", "fields": {"channel": ["a secret", "another secret"]}}
    ]
    assert told["counts"] == {"people": {"changed": 1}}
    assert (told["left_out"], told["suspicious"], told["before"]) == ([], [], load(installed).version)


def test_everything_that_is_wrong_is_refused_at_once_and_the_edition_in_use_stays(folder, add, installed, run):
    before = load(installed).version
    add("people.csv", "zoe,Zoe,zoe")
    add("students.csv", "s9,,m2602,,,,")
    code, told = run("import", folder, "--json")
    assert (code, told) == (1, {"problems": [
        {"where": "people.csv row 7, column email", "what": "'zoe' is not an e-mail address",
         "expected": "name@domain"},
        {"where": "students.csv row 5, column class", "what": "'m2602' is not in classes", "expected": "m2601"},
    ]})  # fmt: skip
    assert load(installed).version == before


def test_the_former_edition_is_kept(folder, add, installed, run):
    before = load(installed).version
    add("people.csv", "zoe,Zoe")
    assert run("import", folder)[0] == 0
    assert load(installed.with_name("directory.previous")).version == before


def test_the_same_again_does_not_push_the_former_edition_out(folder, add, installed, run):
    before = load(installed).version
    add("people.csv", "zoe,Zoe")
    assert [run("import", folder)[0] for _ in range(3)] == [0, 0, 0]
    assert load(installed.with_name("directory.previous")).version == before
    assert [path.name for path in sorted(installed.parent.iterdir())] == ["directory", "directory.previous"]


def test_half_a_file_is_refused_unless_it_is_meant(folder, installed, run):
    before = load(installed).version
    rewrite(folder / "students.csv", lambda text: "".join(text.splitlines(keepends=True)[:3]))
    code, told = run("import", folder)
    assert code == 1
    assert told == "students: 1 of 2 would go (expected: the whole table, or --yes-remove if that is meant)"
    assert load(installed).version == before
    assert run("import", folder, "--yes-remove")[0] == 0
    assert load(installed).version == load(folder).version


def test_a_file_of_roles_that_is_missing_is_refused_too(folder, installed, run):
    (folder / "roles.csv").unlink()
    assert run("import", folder)[1].startswith("roles: 9 of 9 would go")


@pytest.mark.parametrize("gone", [1, 2])
def test_a_fifth_may_go_and_no_more(folder, add, installed, run, gone):
    """Of ten students."""
    for number in range(3, 11):
        add("students.csv", f"s{number},,m2601,,,,")
    assert run("import", folder)[0] == 0
    rewrite(folder / "students.csv", lambda text: "".join(text.splitlines(keepends=True)[: -1 - gone]))
    code, told = run("import", folder)
    assert (code, "would go" in told) == ((0, False) if gone == 1 else (1, True))


def test_other_holders_of_the_same_roles_and_leave_that_is_over_are_no_reason_to_ask(folder, installed, run):
    rewrite(folder / "roles.csv", lambda text: text.replace("chen", "bo").replace("2026-09-01", "2026-09-02"))
    (folder / "leave.csv").write_text("person,substitute,from,to\nanna,bo,2026-10-01,\n", "utf-8")
    assert run("import", folder)[0] == 0
    (folder / "leave.csv").unlink()
    assert run("import", folder)[0] == 0


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(lambda text: text.encode("utf-8-sig"), id="UTF-8 with BOM"),
        pytest.param(lambda text: text.encode("gb18030"), id="GB18030"),
    ],
)
def test_files_as_spreadsheets_write_them_change_nothing(folder, installed, run, encoded):
    for path in folder.iterdir():
        path.write_bytes(encoded(path.read_text("utf-8")))
    assert run("import", folder)[1].startswith("0 differences")


def test_a_directory_that_is_written_reads_back_as_the_same(folder, add, tmp_path):
    add("people.csv", '"g,o","戈 ""o"" 夫",go@college.test,,,2026-09-01,9999-12-31')
    add("leave.csv", "person,substitute,from,to\nanna,,2026-10-01,")
    add("students.csv", "s2,,m2601,2026-10-01,2026-10-31,,,suspended")
    add("exemptions.csv", 's1,attendance,2026-10-01,,"免修, 见附件"')
    add("sources.csv", "door,,,2,all")
    written = tmp_path / "written"
    written.mkdir()
    write(load(folder).tables, written)
    assert difference(load(folder), load(written)) == []
    assert load(written).version == load(folder).version


def test_what_is_no_directory_is_told_with_what_would_be_one(tmp_path, run):
    (tmp_path / "people.doc").write_bytes(b"\0")
    told = run("import", tmp_path / "people.doc")[1]
    assert told.startswith("people.doc: is nothing that holds a directory (expected: a folder of CSV or YAML files, an")
    assert "there is no such folder" in run("import", tmp_path / "nowhere")[1]


def archive_of(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return path


def damaged(path):
    archive_of(path, manifest__csv="propertyName,value\n" * 200)
    raw = bytearray(path.read_bytes())
    raw[60:70] = b"\xff" * 10
    path.write_bytes(bytes(raw))


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("manifest.csv", "w") as member:
        for _ in range((LARGEST_UNPACKED >> 20) + 1):
            member.write(bytes(1 << 20))


ARCHIVES = {
    "no archive": (lambda path: path.write_bytes(b"PK\x03\x04 cut"), "is damaged, or no .zip or .xlsx file"),
    "bomb": (bomb, f"unpacks to more than {LARGEST_UNPACKED >> 20} MB"),
    "many files": (lambda path: archive_of(path, **{f"f{n}": "" for n in range(2001)}), "holds more than 2000 files"),
    "damaged member": (damaged, "cannot be unpacked"),
    "nothing of OneRoster": (lambda path: archive_of(path, people__csv="id,name\n"), "holds no manifest.csv"),
}


@pytest.mark.properties
@pytest.mark.parametrize(("make", "told"), ARCHIVES.values(), ids=ARCHIVES)
@pytest.mark.parametrize("suffix", [".zip", ".xlsx"])
def test_an_archive_is_not_trusted(tmp_path, home, run, suffix, make, told):
    path = tmp_path / f"export{suffix}"
    make(path)
    code, said = run("import", path)
    if suffix == ".xlsx" and make is damaged:
        told = "ends in the middle, or is damaged"
    if (
        suffix == ".xlsx" and make is ARCHIVES["nothing of OneRoster"][0]
    ):  # a file is what it holds, not what it is called
        assert (code, (home / "directory").is_dir()) == (0, True)
        return
    assert code == 1
    assert told in said
    assert said.startswith(path.name)
    assert not (home / "directory").exists()


def test_in_the_cluster_a_oneroster_export_is_sent_to_a_folder_first(folder, tmp_path):
    path = archive_of(tmp_path / "export.zip", manifest__csv="propertyName,value\n")
    with (
        pytest.raises(DirectoryError, match="the cluster does not remember the last one"),
        offered(path, load(folder), None),
    ):
        pass


def test_after_a_crash_in_between_the_former_edition_is_compared_with(folder, installed, run):
    shutil.move(installed, installed.with_name("directory.previous"))
    assert run("import", folder, "--dry-run")[1].startswith("0 differences")
    assert load_installed(installed).version == load(folder).version


def test_the_sample_college_is_imported_as_it_is(tmp_path, run):
    place = tmp_path / "sample"
    place.mkdir()
    for name, rows in College(date(2026, 10, 21)).directory().items():
        with (place / f"{name}.csv").open("w", encoding="gb18030", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    assert run("import", place)[0] == 0
    assert run("import", place, "--dry-run")[1].startswith("0 differences")
