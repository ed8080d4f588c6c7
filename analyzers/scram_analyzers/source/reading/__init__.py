"""From a text to trees with places: cutting, parsing, notebooks, walks."""
