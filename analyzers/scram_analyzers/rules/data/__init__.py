"""The arrays and datasets that reach training (SCR2xx)."""
