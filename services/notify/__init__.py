"""Notify: who is accountable, what they are told, and what became of it."""
