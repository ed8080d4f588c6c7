"""What the rules about api ask of a program, each question in a module of its own."""
