"""Second names of the same objects."""

ALIASES = {"expit": "sigmoid", "hard_silu": "hard_swish", "log_expit": "log_sigmoid"}
