"""Where the first NaN or infinity came from: the last sound values, the batches since, and the step run again."""
