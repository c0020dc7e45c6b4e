"""Who is it, and what may they see and do: sign-in, sessions, roles."""
