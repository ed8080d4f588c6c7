"""The rules, one module each, in the folder of their family; what they ask of a program stands in `evidence/` there."""
