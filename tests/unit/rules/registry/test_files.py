"""Publications of a home: one after another, cut short, over hand edits and over rules that somebody broke."""

import shutil
from pathlib import Path

import pytest

from services.app.embedded import Embedded
from services.errors import ConfigurationError, RuleError
from services.rules.language.load import load
from services.rules.registry import files
from services.rules.registry.files import FileRegistry
from services.settings import Settings, resource
from tests.rule_files import folder, rule


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


def rules(path, threshold):
    return folder(path, rule("a", levels=f"{{at_least: {{yellow: {threshold}}}}}"))


def in_use(settings):
    return load(settings.rules_folder, resource("schemas")).version


def test_what_is_published_is_in_use_and_what_was_before_is_a_revision_too(settings, tmp_path):
    before = in_use(settings)
    revision = FileRegistry(settings).publish(rules(tmp_path / "one", 1), author="Gao", reason="trial")
    assert (revision.number, revision.author, revision.reason) == (2, "Gao", "trial")
    assert "+ rule a" in revision.changed
    assert in_use(settings) == revision.version
    assert [one.version for one in FileRegistry(settings).revisions()] == [before, revision.version]
    assert FileRegistry(settings).revisions()[0].reason == files.FOUND


def test_the_same_again_is_no_new_revision(settings, tmp_path):
    first = FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    assert FileRegistry(settings).publish(rules(tmp_path / "same", 1)) == first


def test_one_goes_back_to_a_revision_by_its_number(settings, tmp_path):
    one = FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    FileRegistry(settings).publish(rules(tmp_path / "two", 2))
    back = FileRegistry(settings).roll_back(one.number, author="Gao")
    assert (back.number, back.version, back.reason) == (4, one.version, "back to rule set revision 2")
    assert in_use(settings) == one.version


def test_an_unknown_revision_is_refused_with_those_that_there_are(settings, tmp_path):
    FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    with pytest.raises(ConfigurationError, match=r"no rule set revision 7 \(expected: one of 1, 2\)"):
        FileRegistry(settings).roll_back(7)


def test_rules_with_an_error_change_nothing(settings, tmp_path):
    FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    before = in_use(settings), FileRegistry(settings).revisions()
    with pytest.raises(RuleError, match="nothing"):
        FileRegistry(settings).publish(folder(tmp_path / "bad", "- id: x\n  on: nothing\n"))
    assert (in_use(settings), FileRegistry(settings).revisions()) == before


def test_what_was_edited_by_hand_is_kept_as_a_revision(settings, tmp_path):
    FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    shutil.copytree(rules(tmp_path / "hand", 5), settings.rules_folder, dirs_exist_ok=True)
    by_hand = in_use(settings)
    newest = FileRegistry(settings).publish(rules(tmp_path / "two", 2))
    assert [one.version for one in FileRegistry(settings).revisions()][2:] == [by_hand, newest.version]


def test_rules_that_somebody_broke_can_be_published_over(settings, tmp_path):
    FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    (settings.rules_folder / "rules.yaml").write_text("rules: [", "utf-8")
    newest = FileRegistry(settings).publish(rules(tmp_path / "two", 2))
    assert in_use(settings) == newest.version
    assert newest.number == 3


def test_the_folder_in_use_itself_can_be_published_with_author_and_reason(settings, tmp_path):
    FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    shutil.copytree(rules(tmp_path / "hand", 5), settings.rules_folder, dirs_exist_ok=True)
    newest = FileRegistry(settings).publish(settings.rules_folder, author="Gao", reason="from the editor")
    assert (newest.number, newest.reason, newest.version) == (3, "from the editor", in_use(settings))


def test_an_edit_in_place_is_on_record_when_a_running_process_sees_it(settings, tmp_path):
    FileRegistry(settings).publish(rules(tmp_path / "one", 1), author="Gao", reason="trial")
    with Embedded(settings) as embedded:
        assert embedded.try_evaluating()
        shutil.copytree(rules(tmp_path / "hand", 5), settings.rules_folder, dirs_exist_ok=True)
        embedded.look_at_files(embedded.worker)
    assert [(one.author, one.reason) for one in FileRegistry(settings).revisions()][1:] == [
        ("Gao", "trial"), ("", files.EDITED)
    ]  # fmt: skip
    assert FileRegistry(settings).revisions()[-1].version == in_use(settings)
    assert FileRegistry(settings).note_edit() is None
    assert FileRegistry(settings).publish(rules(tmp_path / "two", 2)).number == 4


def test_what_was_published_or_lies_elsewhere_is_no_edit(settings, tmp_path):
    assert FileRegistry(settings).note_edit() is None, "the rules that come with Prewarn"
    FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    assert FileRegistry(settings).note_edit() is None
    elsewhere = Settings(home=settings.home, rules=rules(tmp_path / "mine", 1))
    assert FileRegistry(elsewhere).note_edit() is None


@pytest.mark.parametrize("moves", [0, 1])
def test_cut_short_between_the_moves_the_old_ones_stay_in_use_and_the_next_one_goes_through(
    settings, tmp_path, monkeypatch, moves
):
    one = FileRegistry(settings).publish(rules(tmp_path / "one", 1))
    done, rename = [], Path.rename

    def dies(self, target):
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(self)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", dies)
    with pytest.raises(KeyboardInterrupt):
        FileRegistry(settings).publish(rules(tmp_path / "two", 2))
    monkeypatch.undo()
    assert in_use(settings) == one.version
    newest = FileRegistry(settings).publish(rules(tmp_path / "three", 3))
    assert in_use(settings) == newest.version
    assert not [path for path in settings.home.iterdir() if path.name in ("rules.new", "rules.old")]


def test_rules_that_lie_elsewhere_are_not_published_over(tmp_path):
    settings = Settings(home=tmp_path / "home", rules=rules(tmp_path / "mine", 1))
    with pytest.raises(ConfigurationError, match="PREWARN_RULES names"):
        FileRegistry(settings).publish(rules(tmp_path / "one", 1))
