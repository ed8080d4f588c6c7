"""The batches a run trains on: a look at each as the step takes it, and what the step made of its loss."""
