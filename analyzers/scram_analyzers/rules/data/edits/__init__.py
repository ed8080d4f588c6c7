"""The edits that several rules about data offer."""
