"""A run's findings and probes as TensorBoard summaries, written without TensorFlow."""
