"""Learning rates, batch sizes, epochs and other numbers that the author chooses (SCR1xx)."""
