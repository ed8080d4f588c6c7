"""How the result is measured (SCR7xx)."""
