"""Output shapes and parameter counts of layers, from the source alone.

Shapes leave out the batch dimension. Anything not known is None, and so is whatever depends on it.
"""

from scram_analyzers.source.shapes.model_shapes import ModelShapes

__all__ = ["ModelShapes"]
