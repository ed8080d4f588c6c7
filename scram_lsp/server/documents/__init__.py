"""What the client has open: texts, cells, positions, and the settings in force for them."""
