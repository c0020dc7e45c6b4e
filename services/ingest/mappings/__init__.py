"""Mappings: how a college's own files (docs/mappings.md) become events and the tables of the directory."""
