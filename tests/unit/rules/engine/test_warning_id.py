"""The id of a warning is a uuid5, as the design fixes it."""

from uuid import UUID, uuid5

from services.rules.engine.about import _NAMESPACE, warning_id


def test_the_id_is_the_uuid5_of_rule_subject_and_number_of_the_episode():
    for number in range(300):
        subject = f"s/{number}"
        assert warning_id("rule", subject, number) == str(uuid5(UUID(bytes=_NAMESPACE), f"rule\n{subject}\n{number}"))
