"""The arrays behind a run: statistics of a batch, and the checks of what `fit` was given before the first step."""
