"""Who is it, and what may they see and do: sessions, local accounts, permissions. Rows are kept by notify's store."""
