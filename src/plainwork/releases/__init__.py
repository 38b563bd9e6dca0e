"""How versions come to run: what one has to meet before it goes live, and the moves of the live pointer."""
