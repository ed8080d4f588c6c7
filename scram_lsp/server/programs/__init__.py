"""What the editor shows of a program beside its findings: hovers, hints, lenses, what the last run saw."""
