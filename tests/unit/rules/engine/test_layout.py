"""What shapes a subject's state, by the hash of which a running installation knows its own."""

from services.rules.engine.engine import Engine
from tests.harness import rule_set
from tests.unit.rules.engine.test_engine_edges import EVERY_MEASURE

SIGNATURES = {
    (): "1182904a3e4ee33e",
    ("class",): "284c256d8c68bf22",
    ("class", "course"): "1ff1ccef5fe55489",
    ("class", "student"): "bf5f1925eae19c8f",
    ("course", "student"): "41ec16f080df912e",
    ("department",): "d648dbe231452df8",
    ("department", "category"): "bc815eefb4b0a105",
    ("event",): "5eec99a7ea0593cc",
    ("lesson",): "1f176622792fac5d",
    ("major",): "63a1ee11640e6c0e",
    ("major", "department"): "b4d3225b19e80d7d",
    ("student",): "6fee2e4fe26f76ef",
    ("student", "course"): "466f8ec414c81903",
    ("student", "test"): "905231067c13dfe4",
    ("ticket",): "f77632bff4a3f5c6",
}
"""As format 4 has them: where one changes, every installation builds that state anew from its log."""


def test_the_state_of_every_measure_is_known_again_after_an_upgrade():
    layouts = Engine(rule_set(EVERY_MEASURE).plan).layouts
    assert {layout.by: layout.signature for layout in layouts} == SIGNATURES
