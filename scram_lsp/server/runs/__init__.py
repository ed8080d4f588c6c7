"""Runs in the editor: their list, their progress, and what is told of them while they train."""
