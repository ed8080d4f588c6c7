"""The faults that can be planted, a module for each family.

Each looks for places where it can be planted and gives a mutant for each. A fault is one whatever else the program
does, as far as the text around tells: what makes a place fit is asked of the text, not of our own analysis.
"""
