"""The abstract interpreter: what each statement, expression and call of a Keras program means."""
