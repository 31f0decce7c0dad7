"""Public functions that are more than one ufunc: a choice, an axis, halves, random slopes, masks.

Each is a plain function of what one backend has: `ufuncs`, the same as gufuncs of rows (`per_row`), and the
wrappers of `activations` (`plain`). `bind` makes a copy that sees those of one backend. Where a definition
has the same name, the composite takes the place of its wrapper; under `softramp.ufuncs` the ufunc stays.
"""

from softramp.composites import gelu, prelu, rrelu, glu, maxout, masks  # isort: skip  # the order of tables
from softramp.composites.registry import bind, composites

__all__ = ["bind", "composites", "gelu", "glu", "masks", "maxout", "prelu", "rrelu"]
