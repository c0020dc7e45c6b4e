"""How long a test waits for what must come."""

PATIENCE = 240.0
"""Seconds: as many as a busy machine may need, since only a wait in vain takes them."""
