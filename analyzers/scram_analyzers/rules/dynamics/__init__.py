"""What goes wrong while the model trains (SCR6xx)."""
