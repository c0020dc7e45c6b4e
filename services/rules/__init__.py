"""Rules: thresholds from the standards, applied to the stream of events."""
