"""The rule language: YAML and standards in, checked and compiled rules out, every error with file:line:col."""
