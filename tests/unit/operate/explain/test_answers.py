"""What `why` says of a message that waits."""

import pytest

from services.notify.rows import DeliveryRow
from services.notify.suppression import UNTIL_THE_CASE_IS_OVER
from services.operate.explain.answers import _ends, _held


@pytest.mark.parametrize(
    ("until", "held", "ends"), [(1_000, False, True), (9_000, True, True), (UNTIL_THE_CASE_IS_OVER, True, False)]
)
def test_a_message_that_waits_for_its_case_has_no_end_that_is_known(until, held, ends):
    row = DeliveryRow(warning=1, sequence=1, recipient="", channel="", created_at=1_000, next_try_at=until)
    assert (_held(row), _ends(row)) == (held, ends)
