"""Who is it, and what may they see and do: providers, sessions, accounts, permissions; notify's store has the rows."""
