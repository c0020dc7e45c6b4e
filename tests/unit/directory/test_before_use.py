"""What an operator asks before a directory goes live: what changes; and its installation."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.directory import Directory, Tables, difference, install, load
from services.directory.nearest import Nearest
from services.directory.records import Enrolment, Person, SchoolClass
from services.directory.roles import ALIASES, ROLES
from services.errors import DirectoryError

OCTOBER = datetime(2026, 10, 8, 4, tzinfo=UTC)


def test_a_directory_does_not_differ_from_itself(folder):
    assert difference(load(folder), load(folder)) == []


def test_added_removed_and_changed_rows_are_told_with_their_fields(folder, add):
    before = load(folder)
    people = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(people.replace("anna@college.test", "a@college.test"), encoding="utf-8")
    (folder / "sources.csv").unlink()
    add("students.csv", "s3,李三,m2601,2026-10-01,,,")
    assert [str(found) for found in difference(before, load(folder))] == [
        "people anna changed: email anna@college.test → a@college.test",
        "students s3/2026-10-01 added: id – → s3, name – → 李三, class – → m2601, from – → 2026-10-01",
        "sources phone removed: id phone → –, owner anna → –, expected_interval 3600 → –",
    ]


def test_a_difference_never_shows_a_channel(folder):
    before = load(folder)
    people = (folder / "people.csv").read_text(encoding="utf-8")
    (folder / "people.csv").write_text(people.replace("json://chen.test", "json://token.test"), encoding="utf-8")
    (found,) = difference(before, load(folder))
    assert found.fields == {"channel": ("a secret", "another secret")}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_installed_folder_is_the_same_directory_and_holds_only_its_files(folder, tmp_path):
    (folder / "notes.txt").write_text("not a table")
    home = tmp_path / "home" / "directory"
    install(folder, home)
    assert load(home).version == load(folder).version
    assert "notes.txt" not in files(home)
    assert [path.name for path in home.parent.iterdir()] == ["directory"]


def test_a_second_installation_keeps_the_one_before_and_no_file_of_it_mixes_in(folder, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    first = files(home)
    (folder / "sources.csv").unlink()
    install(folder, home)
    install(folder, home)
    (folder / "students.csv").unlink()
    install(folder, home)
    assert sorted(files(home)) == sorted(first.keys() - {"sources.csv", "students.csv"})
    assert sorted(files(home.with_name("directory.previous"))) == sorted(first.keys() - {"sources.csv"})


def test_a_folder_with_errors_is_refused_and_the_installed_one_stays(folder, add, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    before = files(home)
    add("people.csv", "anna,twice")
    with pytest.raises(DirectoryError):
        install(folder, home)
    assert files(home) == before
    assert [path.name for path in home.parent.iterdir()] == ["directory"]


def test_the_previous_folder_can_be_installed_again(folder, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    first = load(home).version
    (folder / "sources.csv").unlink()
    install(folder, home)
    install(home.with_name("directory.previous"), home)
    assert load(home).version == first


def test_after_a_crash_between_the_two_renames_the_previous_folder_is_loaded_and_can_be_replaced(folder, tmp_path):
    home = tmp_path / "home" / "directory"
    install(folder, home)
    home.rename(home.with_name("directory.previous"))
    assert load(home).version == load(folder).version
    install(folder, home)
    assert home.is_dir()


def test_who_loads_during_installations_gets_one_folder_or_the_other_but_never_a_mixture(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "sources.csv").unlink()
    (other / "students.csv").unlink()
    home = tmp_path / "home" / "directory"
    install(folder, home)
    whole = {load(folder).version, load(other).version}
    with ThreadPoolExecutor() as pool:
        installations = pool.submit(lambda: [install(place, home) for place in [other, folder] * 15])
        seen = set()
        while not installations.done():
            seen.add(load(home).version)
        installations.result()
    assert seen
    assert seen <= whole


def test_the_nearest_of_ten_thousand_ids_is_found_wherever_the_slip_is():
    nearest = Nearest(f"2026{number:06}" for number in range(10_000))
    assert nearest("2026001234x") == "2026001234"
    assert nearest("O026001234") == "2026001234"
    assert nearest("20260O1234") == "2026001234"
    assert nearest("somebody") == ""


def test_looking_up_costs_the_same_number_of_steps_in_a_large_college_as_in_a_small_one():
    assert steps(college_of(10)) == steps(college_of(3000))


def college_of(size: int) -> Directory:
    return Directory(
        Tables(
            people=tuple(Person(id=f"p{number}", name="x") for number in range(size)),
            classes=tuple(SchoolClass(id=f"c{number}", department="d") for number in range(size)),
            students=tuple(Enrolment(id=f"s{number}", class_id=f"c{number}") for number in range(size)),
        )
    )


def steps(college: Directory) -> int:
    """Lines of Python that the look-ups run: a measure of work that no slow machine changes."""
    counted = 0

    def trace(_frame, event, _argument):
        nonlocal counted
        counted += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        college.enrich("attendance", {"student": "s5", "course": "k", "teacher": "p5"}, OCTOBER)
        college.holders("class_tutor", {"student": "s5"}, OCTOBER)
        college.names({"student": "s5", "teacher": "p5"})
        college.person("p5")
    finally:
        sys.settrace(before)
    return counted


def test_every_role_word_has_two_titles_and_every_alias_leads_to_one():
    assert all(word.title.zh and word.title.en and word.scopes for word in ROLES.values())
    assert set(ALIASES.values()) <= ROLES.keys()
    assert not ALIASES.keys() & ROLES.keys()
