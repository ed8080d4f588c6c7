"""When and where texts are analyzed: threads for what is open, processes for the rest."""
