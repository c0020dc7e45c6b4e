"""The store of notify, a module per table or question."""
