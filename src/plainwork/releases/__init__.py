"""How versions come to run: what one has to meet before it goes live, the moves of the live pointer, canaries,
promotion to another workspace, and a workspace as files."""
