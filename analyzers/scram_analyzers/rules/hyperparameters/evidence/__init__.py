"""What the rules about hyperparameters ask of a program, each question in a module of its own."""
