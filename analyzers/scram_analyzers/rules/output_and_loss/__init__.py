"""The last layer, the loss, the labels and the metrics, which must fit each other (SCR4xx)."""
