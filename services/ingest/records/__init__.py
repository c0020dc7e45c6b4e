"""What counts: of all that sources say, the records that the rules may see (DESIGN §3, §4; docs/events.md)."""
