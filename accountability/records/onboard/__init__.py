"""An unknown file becomes a declaration: looked at column by column, proposed, corrected and checked."""
