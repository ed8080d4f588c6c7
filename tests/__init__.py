"""The tests, laid out as the code that they test."""
