"""Second names of the same objects."""

ALIASES = {"expit": "sigmoid"}
