"""Money: from prices and trusted lifetime counters to what energy cost, earned and saved."""
