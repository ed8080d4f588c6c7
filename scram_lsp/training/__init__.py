"""The Keras callback: probes of a run in training, the rules asked about it, and what they say passed on."""
