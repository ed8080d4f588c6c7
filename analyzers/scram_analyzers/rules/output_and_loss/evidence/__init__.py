"""What the rules about output and loss ask of a program, each question in a module of its own."""
