"""How messages leave: addresses, providers, their answers."""
