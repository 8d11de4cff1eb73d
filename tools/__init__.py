"""What only developers need: pages of docs/ that are written from the code."""
