"""The language server: it shows findings in any editor, from the source and from running trainings."""
