"""The local socket that carries a run's findings to the language servers of this user."""
