"""Alembic migrations of notify's store; `store_engine.migrate` runs them."""
