"""What the rules about dynamics ask of a program, each question in a module of its own."""
