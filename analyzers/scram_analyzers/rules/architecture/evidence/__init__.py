"""What the rules about architecture ask of a program, each question in a module of its own."""
