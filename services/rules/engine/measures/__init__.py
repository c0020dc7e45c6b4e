"""The measures; a new one is a file and a line in this table."""

from services.rules.engine.measures.base import Measure
from services.rules.engine.measures.change import CHANGE
from services.rules.engine.measures.composite import COMPOSITE
from services.rules.engine.measures.count import COUNT
from services.rules.engine.measures.distinct import DISTINCT
from services.rules.engine.measures.elapsed import ELAPSED
from services.rules.engine.measures.extremes import MAX, MIN
from services.rules.engine.measures.forecast import FORECAST
from services.rules.engine.measures.missing import MISSING
from services.rules.engine.measures.nested import NESTED
from services.rules.engine.measures.none import NONE
from services.rules.engine.measures.open import OPEN
from services.rules.engine.measures.period_over_period import PERIOD_OVER_PERIOD
from services.rules.engine.measures.rank import RANK
from services.rules.engine.measures.running import RUNNING
from services.rules.engine.measures.share import SHARE
from services.rules.engine.measures.streak import STREAK
from services.rules.engine.measures.totals import MEAN, SUM
from services.rules.engine.measures.trend import TREND
from services.rules.engine.measures.value import VALUE
from services.rules.engine.measures.versus import DIFFERENCE, RATIO

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        VALUE,
        COUNT,
        SUM,
        MEAN,
        MIN,
        MAX,
        SHARE,
        RATIO,
        DIFFERENCE,
        DISTINCT,
        STREAK,
        CHANGE,
        TREND,
        FORECAST,
        PERIOD_OVER_PERIOD,
        RANK,
        NONE,
        NESTED,
        OPEN,
        COMPOSITE,
        MISSING,
        ELAPSED,
        RUNNING,
    )
}
