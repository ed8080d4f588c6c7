"""What the rules about regularization ask of a program, each question in a module of its own."""
