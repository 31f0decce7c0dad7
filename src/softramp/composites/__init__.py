"""Public functions that are more than one ufunc: a choice, an axis, halves, random slopes, masks, losses.

Each is a plain function of what one backend has: `ufuncs`, the same as gufuncs of rows (`per_row`), and the
wrappers of `activations` (`plain`). `bind` makes a copy that sees those of one backend. Where a definition
has the same name, the composite takes the place of its wrapper; under `softramp.ufuncs` the ufunc stays.
"""

from softramp.composites import (  # isort: skip  # as in tables
    gelu, prelu, rrelu, glu, maxout, masks, softmaxes, losses)
from softramp.composites.registry import bind, composites, promises
from softramp.definitions import definitions

__all__ = [
    "bind", "composites", "gelu", "glu", "losses", "masks", "maxout", "prelu", "promises", "public", "rrelu",
    "softmaxes"]

# The functions of `softramp`, in the order of tables. A gufunc is one as a composite only.
_ufuncs = {name: d for name, d in definitions.items() if not d.gufunc_signature and name not in promises}
public = _ufuncs | composites
