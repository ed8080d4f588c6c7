"""What is looked at while a model trains: each layer's outputs and gradients, predictions on a fixed panel."""
