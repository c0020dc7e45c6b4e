"""What the log has about a subject: also what ends it."""

from datetime import timedelta

from services.operate.explain.log import rows_about
from tests.harness import event, rule_set
from tests.journals import AT, absence, append, journal
from tests.rule_files import folder, rule


def test_endings_of_its_fields_are_about_a_subject_and_no_others(tmp_path):
    book = journal(tmp_path / "home")

    def ending(ident, field, value):
        data = {"subject_field": field, "value": value, "reason": "left"}
        return event("ending", AT + timedelta(days=1), ident, source="prewarn", **data)

    append(book, [absence(1), absence(2, student="s2"), ending("e1", "student", "s1"), ending("e2", "course", "c")])
    plan = rule_set(folder(tmp_path / "rules", rule())).plan
    found = rows_about(book, plan, {("student",): {"student": "s1"}})
    assert [one.id for row in found.rows for one in row.events] == ["1", "e1"]
