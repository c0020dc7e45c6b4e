"""What operators and the quality office ask and try before they rely on it."""
