"""What keeps a model from memorizing its training data (SCR5xx)."""
