"""What is found, kept where its code is now, merged, and told to the client."""
