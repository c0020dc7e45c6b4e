"""The measures, one file each; a new one is a file and a line in this table."""

from services.rules.engine.measures.base import Measure
from services.rules.engine.measures.count import COUNT
from services.rules.engine.measures.missing import MISSING
from services.rules.engine.measures.share import SHARE
from services.rules.engine.measures.streak import STREAK
from services.rules.engine.measures.totals import MEAN, SUM
from services.rules.engine.measures.value import VALUE

MEASURES: dict[str, Measure] = {measure.name: measure for measure in (VALUE, COUNT, SUM, MEAN, SHARE, STREAK, MISSING)}
