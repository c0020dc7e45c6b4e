"""The engine: a pure fold of events and time into warnings. No I/O, no clock, no asyncio."""
