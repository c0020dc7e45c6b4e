"""Importers of two public data sets, each as one campus's history: a directory and events in time order.

How their rows are read, and whose data they are: docs/real-data.md.
"""

from services.ingest.connectors.imported import Imported
from services.ingest.connectors.nyc import nyc
from services.ingest.connectors.oulad import oulad

__all__ = ["Imported", "nyc", "oulad"]
