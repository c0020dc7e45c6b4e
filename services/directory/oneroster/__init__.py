"""OneRoster 1.1 CSV: what a student information system exports, as rows of the directory.

Source: 1EdTech OneRoster 1.1.1, CSV Tables (22 August 2023). docs/directory.md says what becomes of what.
"""

from services.directory.oneroster.files import STATE, Export, keep, read_export, remembered
from services.directory.oneroster.merging import merged

__all__ = ["STATE", "Export", "keep", "merged", "read_export", "remembered"]
