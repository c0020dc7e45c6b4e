"""Prewarn: events in, thresholds applied, the accountable person warned in time and with reasons."""

__version__ = "0.1.0"
