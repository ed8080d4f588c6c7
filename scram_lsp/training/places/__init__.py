"""Where in the user's text the parts of a run were made: frames, creations, and the script's `Program`."""
