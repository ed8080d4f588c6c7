"""Rules on how Keras is called: names and arguments it doesn't know, and code that can't work as meant."""
