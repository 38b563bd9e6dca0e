"""How versions come to run: what one has to meet before it goes live, the moves of the live pointer, canaries, and a
workspace as files."""
