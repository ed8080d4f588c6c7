"""What a training run did: records of it and the history that rules read."""
