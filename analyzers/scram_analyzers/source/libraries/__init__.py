"""What the interpreter knows of the libraries that feed Keras: numpy, pandas, scikit-learn, tf.data."""
