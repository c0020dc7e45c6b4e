"""Pages on which teachers say what they saw: their day, roll-calls."""
