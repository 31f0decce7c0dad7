"""Second names of the same objects."""

ALIASES = {"expit": "sigmoid", "hard_silu": "hard_swish"}
