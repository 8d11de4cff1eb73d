"""The powers of each station over the last two days and its energies over the last seven, for the pictures of them."""
