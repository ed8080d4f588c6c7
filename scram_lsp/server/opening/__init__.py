"""The first moments of a conversation, before pygls is loaded."""
