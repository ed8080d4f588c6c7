"""Time and memory (SCR8xx)."""
