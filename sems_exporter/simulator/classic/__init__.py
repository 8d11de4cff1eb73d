"""What the classic portal says of the plants."""
