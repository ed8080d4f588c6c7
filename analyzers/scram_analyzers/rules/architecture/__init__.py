"""The layers between input and output (SCR3xx)."""
