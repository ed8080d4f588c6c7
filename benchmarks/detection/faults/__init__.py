"""The faults that are planted, a module for each program."""
