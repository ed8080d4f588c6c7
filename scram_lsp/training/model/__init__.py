"""The model in training, left untouched: its weights and values, a pass through it, what each layer puts out."""
