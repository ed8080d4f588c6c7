"""The analysis of Keras programs and training runs: knows code and training, no editor, no socket."""
