"""What is held of one person: exported for them, or erased (docs/personal-data.md)."""
