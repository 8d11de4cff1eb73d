"""The powers of each station over the last two days, for the picture of its day."""
