"""Classes that are taught together are told apart, and nothing else is."""

import pytest

from services.ingest.mappings.class_names import with_names


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        pytest.param(["护理2601-2602"], ["护理2601", "护理2602"], id="from one to another"),
        pytest.param(["护理2609-11"], ["护理2609", "护理2610", "护理2611"], id="from one to a number"),
        pytest.param(["护理2601~2602班"], ["护理2601班", "护理2602班"], id="with the word class behind"),
        pytest.param(["护理2601/2602/03"], ["护理2601", "护理2602", "护理2603"], id="beside each other"),
        pytest.param(["护理2601", "02", "助产2601"], ["护理2601", "护理2602", "助产2601"], id="split already"),
        pytest.param(["护理2601", "2602班"], ["护理2601", "护理2602"], id="split, with a name in front alone"),
        pytest.param(["护理2602-2601"], ["护理2602-2601"], id="the other way round"),
        pytest.param(["护理2601-2701"], ["护理2601-2701"], id="too many for one lecture"),
        pytest.param(["信息工程系/软件2601"], ["信息工程系/软件2601"], id="a path"),
        pytest.param(["2601-2602"], ["2601-2602"], id="without a name"),
        pytest.param(["26010101"], ["26010101"], id="an id"),
        pytest.param(["02"], ["02"], id="a number alone"),
        pytest.param(["护理26-1"], ["护理26-1"], id="a year and a number"),
    ],
)
def test_a_class_is_called_by_its_own_name(texts, names):
    assert list(with_names(texts)) == names
