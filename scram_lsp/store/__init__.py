"""The run store: what was found in each training run of a project, kept beside the project."""
