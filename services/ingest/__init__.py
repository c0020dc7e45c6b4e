"""Ingest: every event is checked, completed from the directory and written to the log before anyone is told yes."""
