"""What operators ask of rules: which standard applies and why, a rule as a sentence, where a rule stands. Pure."""
