"""What the interpreter knows of Keras: names, signatures, layers, optimizers, losses, data sets."""
