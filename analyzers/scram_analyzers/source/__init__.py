"""From source text to a `Program`: what a Keras module builds, feeds and trains, without running it."""
