"""Rule tests as data: `*.test.yaml` → cases, run on the engine alone; what fails is told with file:line:col."""

from services.rules.testing.cases import Case, read_cases
from services.rules.testing.coverage import Coverage, coverage
from services.rules.testing.running import Bench, Outcome, State, Telling, Told

__all__ = ["Bench", "Case", "Coverage", "Outcome", "State", "Telling", "Told", "coverage", "read_cases"]
