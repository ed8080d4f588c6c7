"""What the rules about data ask of a program, each question in a module of its own."""
