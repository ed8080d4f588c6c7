"""What the rules about evaluation ask of a program, each question in a module of its own."""
