"""The published heuristics of earlier tools, by their conditions, on what they would have seen."""
