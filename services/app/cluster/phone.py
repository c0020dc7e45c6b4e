"""On a cluster: what teachers type goes from the process that serves the pages into ingest's records and into Kafka."""

from __future__ import annotations

from services.app.cluster.bounds import PublishedBounds
from services.app.cluster.source_reports import REPORT_EVERY, SourceReports
from services.clock import wall_clock
from services.ingest.intake import Intake
from services.ingest.phone.phone import Phone
from services.ingest.records.keys import Keys
from services.ingest.records.log import RecordLog
from services.ingest.schemas import Schemas
from services.ingest.validation import Validator
from services.log.postgres_records import PostgresRecords
from services.notify.loop import Loop
from services.notify.service import Notify


class PhoneOnKafka:
    """The way in, and the reports of what came by it."""

    def __init__(self, records: PostgresRecords, schemas: Schemas, bounds: PublishedBounds) -> None:
        """Raises LogError."""
        keys = Keys(schemas)
        self._reports = SourceReports(())
        self._log = RecordLog(records, keys, bounds, wall_clock)
        validator, directory = Validator(schemas, wall_clock), bounds.present_directory
        intake = Intake(validator, directory, self._log, wall_clock, self._reports.counter, completes=False)
        self.way_in = Phone(records, keys, bounds, intake, wall_clock)

    def reporting(self, notify: Notify) -> Loop:
        """Tells the log what came, hour by hour."""

        def report() -> float:
            self._reports.report(self._log)
            return REPORT_EVERY

        failed = "what came from phones is not reported; trying again"
        return Loop("reports", report, failed=failed, heartbeats=notify.health)
