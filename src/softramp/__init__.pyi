"""What type checkers see: the functions are made at run time. A test compares this with the definitions."""

from collections.abc import Sequence
from typing import Any, Literal, SupportsIndex, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from typing_extensions import TypedDict, Unpack

from softramp import backends as backends
from softramp import ufuncs as ufuncs
from softramp.policy import get_num_threads as get_num_threads
from softramp.policy import set_num_threads as set_num_threads
from softramp.policy import threads as threads
from softramp.runtime import show_config as show_config

__version__: str

# float32 stays float32, float64 stays float64; what NumPy decides by value or by promotion is Any.
_F = TypeVar("_F", np.float32, np.float64)
_Array = TypeVar("_Array", bound=np.ndarray[Any, Any])

# The keywords of every ufunc beside out and dtype.
class _Keywords(TypedDict, total=False):
    where: ArrayLike
    casting: Literal["no", "equiv", "safe", "same_kind", "unsafe"]
    order: Literal["K", "A", "C", "F"] | None
    subok: bool
    signature: Any

# NumPy's stubs call ufunc final.
class _Forward(np.ufunc):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    @overload
    def __call__(self, x: NDArray[_F], /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
    @overload
    def __call__(self, x: np.float32, /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> np.float32: ...
    @overload
    def __call__(self, x: float, /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> np.float64: ...
    @overload
    def __call__(self, x: Any, /, out: _Array | tuple[_Array], *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> _Array: ...
    @overload
    def __call__(self, x: Any, /, out: None = None, *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...

class _Backward(np.ufunc):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    @overload
    def __call__(self, g: NDArray[_F] | float, x: NDArray[_F], /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
    @overload
    def __call__(self, g: float, x: float, /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> np.float64: ...
    @overload
    def __call__(self, g: Any, x: Any, /, out: _Array | tuple[_Array], *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> _Array: ...
    @overload
    def __call__(self, g: Any, x: Any, /, out: None = None, *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...

class _FromOutput(np.ufunc):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    @overload
    def __call__(self, g: NDArray[_F] | float, y: NDArray[_F], /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
    @overload
    def __call__(self, g: float, y: float, /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> np.float64: ...
    @overload
    def __call__(self, g: Any, y: Any, /, out: _Array | tuple[_Array], *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> _Array: ...
    @overload
    def __call__(self, g: Any, y: Any, /, out: None = None, *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...

class _Gated(np.ufunc):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    @overload
    def __call__(self, a: NDArray[_F], b: NDArray[_F], /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
    @overload
    def __call__(self, a: float, b: float, /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> np.float64: ...
    @overload
    def __call__(self, a: Any, b: Any, /, out: _Array | tuple[_Array], *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> _Array: ...
    @overload
    def __call__(self, a: Any, b: Any, /, out: None = None, *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...

class _GatedBackward(np.ufunc):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    @overload
    def __call__(self, g: NDArray[_F] | float, a: NDArray[_F], b: NDArray[_F], /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> tuple[NDArray[_F], NDArray[_F]]: ...
    @overload
    def __call__(self, g: float, a: float, b: float, /, out: None = None, *,
                 dtype: None = None, **kwargs: Unpack[_Keywords]) -> tuple[np.float64, np.float64]: ...
    @overload
    def __call__(self, g: Any, a: Any, b: Any, /, out: tuple[_Array, _Array], *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> tuple[_Array, _Array]: ...
    @overload
    def __call__(self, g: Any, a: Any, b: Any, /, out: None = None, *,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> tuple[Any, Any]: ...

relu: _Forward
relu_backward: _Backward
sigmoid: _Forward
sigmoid_backward: _Backward
expit: _Forward
tanh: _Forward
tanh_backward: _Backward
silu: _Forward
silu_backward: _Backward
selu: _Forward
selu_backward: _Backward
quick_gelu: _Forward
quick_gelu_backward: _Backward
softsign: _Forward
softsign_backward: _Backward
selu_backward_from_output: _FromOutput
sigmoid_backward_from_output: _FromOutput
tanh_backward_from_output: _FromOutput

relu_backward_from_output: _FromOutput
relu6: _Forward
relu6_backward: _Backward
hard_sigmoid: _Forward
hard_sigmoid_backward: _Backward
hard_swish: _Forward
hard_swish_backward: _Backward
hard_silu: _Forward
sparse_plus: _Forward
sparse_plus_backward: _Backward
sparse_sigmoid: _Forward
sparse_sigmoid_backward: _Backward
reglu: _Gated
reglu_backward: _GatedBackward

log_sigmoid: _Forward
log_sigmoid_backward: _Backward
log_expit: _Forward
logit: _Forward
logit_backward: _Backward
mish: _Forward
mish_backward: _Backward
tanhshrink: _Forward
tanhshrink_backward: _Backward
sigmoid_glu: _Gated
sigmoid_glu_backward: _GatedBackward

gelu_tanh: _Forward
gelu_tanh_backward: _Backward
geglu_tanh: _Gated
geglu_tanh_backward: _GatedBackward

@overload
def leaky_relu(x: NDArray[_F], /, negative_slope: NDArray[_F] | float = 0.01, *, out: None = None,
               dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def leaky_relu(x: Any, /, negative_slope: ArrayLike = 0.01, *, out: Any = None,
               dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def leaky_relu_backward(g: NDArray[_F] | float, x: NDArray[_F], /,
                        negative_slope: NDArray[_F] | float = 0.01, *, out: None = None,
                        dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def leaky_relu_backward(g: Any, x: Any, /, negative_slope: ArrayLike = 0.01, *, out: Any = None,
                        dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def elu(x: NDArray[_F], /, alpha: NDArray[_F] | float = 1.0, *, out: None = None,
        dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def elu(x: Any, /, alpha: ArrayLike = 1.0, *, out: Any = None,
        dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def elu_backward(g: NDArray[_F] | float, x: NDArray[_F], /, alpha: NDArray[_F] | float = 1.0, *,
                 out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def elu_backward(g: Any, x: Any, /, alpha: ArrayLike = 1.0, *, out: Any = None,
                 dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def leaky_relu_backward_from_output(g: NDArray[_F] | float, y: NDArray[_F], /,
                                    negative_slope: NDArray[_F] | float = 0.01, *, out: None = None,
                                    dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def leaky_relu_backward_from_output(g: Any, y: Any, /, negative_slope: ArrayLike = 0.01, *, out: Any = None,
                                    dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def threshold(x: NDArray[_F], /, threshold: NDArray[_F] | float, value: NDArray[_F] | float, *,
              out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def threshold(x: Any, /, threshold: ArrayLike, value: ArrayLike, *, out: Any = None,
              dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def threshold_backward(g: NDArray[_F] | float, x: NDArray[_F], /, threshold: NDArray[_F] | float,
                       value: NDArray[_F] | float, *, out: None = None, dtype: None = None,
                       **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def threshold_backward(g: Any, x: Any, /, threshold: ArrayLike, value: ArrayLike, *, out: Any = None,
                       dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def hardshrink(x: NDArray[_F], /, lambd: NDArray[_F] | float = 0.5, *, out: None = None, dtype: None = None,
               **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def hardshrink(x: Any, /, lambd: ArrayLike = 0.5, *, out: Any = None, dtype: DTypeLike | None = None,
               **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def hardshrink_backward(g: NDArray[_F] | float, x: NDArray[_F], /, lambd: NDArray[_F] | float = 0.5, *,
                        out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def hardshrink_backward(g: Any, x: Any, /, lambd: ArrayLike = 0.5, *, out: Any = None,
                        dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def softshrink(x: NDArray[_F], /, lambd: NDArray[_F] | float = 0.5, *, out: None = None, dtype: None = None,
               **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def softshrink(x: Any, /, lambd: ArrayLike = 0.5, *, out: Any = None, dtype: DTypeLike | None = None,
               **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def softshrink_backward(g: NDArray[_F] | float, x: NDArray[_F], /, lambd: NDArray[_F] | float = 0.5, *,
                        out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def softshrink_backward(g: Any, x: Any, /, lambd: ArrayLike = 0.5, *, out: Any = None,
                        dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def hardtanh(x: NDArray[_F], /, min_val: NDArray[_F] | float = -1, max_val: NDArray[_F] | float = 1, *,
             out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def hardtanh(x: Any, /, min_val: ArrayLike = -1, max_val: ArrayLike = 1, *, out: Any = None,
             dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def hardtanh_backward(g: NDArray[_F] | float, x: NDArray[_F], /, min_val: NDArray[_F] | float = -1,
                      max_val: NDArray[_F] | float = 1, *, out: None = None, dtype: None = None,
                      **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def hardtanh_backward(g: Any, x: Any, /, min_val: ArrayLike = -1, max_val: ArrayLike = 1, *, out: Any = None,
                      dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def clipped_linear(x: NDArray[_F], /, slope: NDArray[_F] | float = 1.0, offset: NDArray[_F] | float = 0.0,
                   min_val: NDArray[_F] | float = 0.0, max_val: NDArray[_F] | float = 1.0, *,
                   out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def clipped_linear(x: Any, /, slope: ArrayLike = 1.0, offset: ArrayLike = 0.0, min_val: ArrayLike = 0.0,
                   max_val: ArrayLike = 1.0, *, out: Any = None, dtype: DTypeLike | None = None,
                   **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def clipped_linear_backward(g: NDArray[_F] | float, x: NDArray[_F], /, slope: NDArray[_F] | float = 1.0,
                            offset: NDArray[_F] | float = 0.0, min_val: NDArray[_F] | float = 0.0,
                            max_val: NDArray[_F] | float = 1.0, *, out: None = None, dtype: None = None,
                            **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def clipped_linear_backward(g: Any, x: Any, /, slope: ArrayLike = 1.0, offset: ArrayLike = 0.0,
                            min_val: ArrayLike = 0.0, max_val: ArrayLike = 1.0, *, out: Any = None,
                            dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def celu(x: NDArray[_F], /, alpha: NDArray[_F] | float = 1.0, *, out: None = None,
         dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def celu(x: Any, /, alpha: ArrayLike = 1.0, *, out: Any = None,
         dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def celu_backward(g: NDArray[_F] | float, x: NDArray[_F], /, alpha: NDArray[_F] | float = 1.0, *,
                  out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def celu_backward(g: Any, x: Any, /, alpha: ArrayLike = 1.0, *, out: Any = None,
                  dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def swish(x: NDArray[_F], /, beta: NDArray[_F] | float = 1.0, *, out: None = None,
          dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def swish(x: Any, /, beta: ArrayLike = 1.0, *, out: Any = None,
          dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def swish_backward(g: NDArray[_F] | float, x: NDArray[_F], /, beta: NDArray[_F] | float = 1.0, *,
                   out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def swish_backward(g: Any, x: Any, /, beta: ArrayLike = 1.0, *, out: Any = None,
                   dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def squareplus(x: NDArray[_F], /, b: NDArray[_F] | float = 4.0, *, out: None = None,
               dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def squareplus(x: Any, /, b: ArrayLike = 4.0, *, out: Any = None,
               dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def squareplus_backward(g: NDArray[_F] | float, x: NDArray[_F], /, b: NDArray[_F] | float = 4.0, *,
                        out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def squareplus_backward(g: Any, x: Any, /, b: ArrayLike = 4.0, *, out: Any = None,
                        dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def swiglu(a: NDArray[_F], b: NDArray[_F] | float, /, beta: NDArray[_F] | float = 1.0, *, out: None = None,
           dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def swiglu(a: Any, b: Any, /, beta: ArrayLike = 1.0, *, out: Any = None,
           dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def swiglu_backward(g: NDArray[_F] | float, a: NDArray[_F], b: NDArray[_F] | float, /,
                    beta: NDArray[_F] | float = 1.0, *, out: None = None, dtype: None = None,
                    **kwargs: Unpack[_Keywords]) -> tuple[NDArray[_F], NDArray[_F]]: ...
@overload
def swiglu_backward(g: Any, a: Any, b: Any, /, beta: ArrayLike = 1.0, *, out: Any = None,
                    dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> tuple[Any, Any]: ...
@overload
def elu_backward_from_output(g: NDArray[_F] | float, y: NDArray[_F], /, alpha: NDArray[_F] | float = 1.0, *,
                             out: None = None, dtype: None = None,
                             **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def elu_backward_from_output(g: Any, y: Any, /, alpha: ArrayLike = 1.0, *, out: Any = None,
                             dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def celu_backward_from_output(g: NDArray[_F] | float, y: NDArray[_F], /, alpha: NDArray[_F] | float = 1.0, *,
                              out: None = None, dtype: None = None,
                              **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def celu_backward_from_output(g: Any, y: Any, /, alpha: ArrayLike = 1.0, *, out: Any = None,
                              dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def softplus(x: NDArray[_F], /, beta: NDArray[_F] | float = 1.0, *, out: None = None,
             dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def softplus(x: Any, /, beta: ArrayLike = 1.0, *, out: Any = None,
             dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def softplus_backward(g: NDArray[_F] | float, x: NDArray[_F], /, beta: NDArray[_F] | float = 1.0, *,
                      out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def softplus_backward(g: Any, x: Any, /, beta: ArrayLike = 1.0, *, out: Any = None,
                      dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def softplus_backward_from_output(g: NDArray[_F] | float, y: NDArray[_F], /,
                                  beta: NDArray[_F] | float = 1.0, *, out: None = None,
                                  dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def softplus_backward_from_output(g: Any, y: Any, /, beta: ArrayLike = 1.0, *, out: Any = None,
                                  dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...

# Composites

_Approximate = Literal["none", "tanh"]

@overload
def gelu(x: NDArray[_F], /, approximate: _Approximate = "none", *, out: None = None, dtype: None = None,
         **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def gelu(x: Any, /, approximate: _Approximate = "none", *, out: Any = None, dtype: DTypeLike | None = None,
         **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def gelu_backward(g: NDArray[_F] | float, x: NDArray[_F], /, approximate: _Approximate = "none", *,
                  out: None = None, dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def gelu_backward(g: Any, x: Any, /, approximate: _Approximate = "none", *, out: Any = None,
                  dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def geglu(a: NDArray[_F], b: NDArray[_F], /, approximate: _Approximate = "none", *, out: None = None,
          dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def geglu(a: Any, b: Any, /, approximate: _Approximate = "none", *, out: Any = None,
          dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def geglu_backward(g: NDArray[_F] | float, a: NDArray[_F], b: NDArray[_F], /,
                   approximate: _Approximate = "none", *, out: None = None, dtype: None = None,
                   **kwargs: Unpack[_Keywords]) -> tuple[NDArray[_F], NDArray[_F]]: ...
@overload
def geglu_backward(g: Any, a: Any, b: Any, /, approximate: _Approximate = "none", *, out: Any = None,
                   dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> tuple[Any, Any]: ...

@overload
def prelu(x: NDArray[_F], /, weight: NDArray[_F] | float, axis: int | None = None, *, out: None = None,
          dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def prelu(x: Any, /, weight: ArrayLike, axis: int | None = None, *, out: Any = None,
          dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
def prelu_backward(g: Any, x: Any, /, weight: ArrayLike, axis: int | None = None, *, out: Any = None,
                   dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> tuple[Any, Any]: ...
@overload
def rrelu(x: NDArray[_F], /, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False,
          rng: np.random.Generator | int | None = None, *, return_slope: Literal[False] = False,
          out: None = None) -> NDArray[_F]: ...
@overload
def rrelu(x: Any, /, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False,
          rng: np.random.Generator | int | None = None, *, return_slope: Literal[False] = False,
          out: Any = None) -> Any: ...
@overload
def rrelu(x: Any, /, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False,
          rng: np.random.Generator | int | None = None, *, return_slope: Literal[True],
          out: Any = None) -> tuple[Any, Any]: ...
@overload
def glu(x: NDArray[_F], /, axis: int = -1, *, out: None = None, dtype: None = None) -> NDArray[_F]: ...
@overload
def glu(x: Any, /, axis: int = -1, *, out: Any = None, dtype: DTypeLike | None = None) -> Any: ...
@overload
def glu_backward(g: NDArray[_F] | float, x: NDArray[_F], /, axis: int = -1, *,
                 out: None = None) -> NDArray[_F]: ...
@overload
def glu_backward(g: Any, x: Any, /, axis: int = -1, *, out: Any = None) -> Any: ...
@overload
def maxout(x: NDArray[_F], /, pieces: int, axis: int = -1, *, return_indices: Literal[False] = False,
           out: None = None) -> NDArray[_F]: ...
@overload
def maxout(x: NDArray[_F], /, pieces: int, axis: int = -1, *, return_indices: Literal[True],
           out: None = None) -> tuple[NDArray[_F], NDArray[np.intp]]: ...
@overload
def maxout(x: Any, /, pieces: int, axis: int = -1, *, return_indices: bool = False, out: Any = None) -> Any: ...
@overload
def maxout_backward(g: NDArray[_F], indices: ArrayLike, /, pieces: int, axis: int = -1) -> NDArray[_F]: ...
@overload
def maxout_backward(g: Any, indices: ArrayLike, /, pieces: int, axis: int = -1) -> Any: ...
@overload
def relu_with_mask(x: NDArray[_F], /, axis: int = -1, *,
                   out: None = None) -> tuple[NDArray[_F], NDArray[np.uint8]]: ...
@overload
def relu_with_mask(x: Any, /, axis: int = -1, *, out: Any = None) -> tuple[Any, NDArray[np.uint8]]: ...
@overload
def relu_backward_from_mask(g: NDArray[_F], bits: NDArray[np.uint8], /, axis: int = -1, *,
                            out: None = None) -> NDArray[_F]: ...
@overload
def relu_backward_from_mask(g: Any, bits: ArrayLike, /, axis: int = -1, *, out: Any = None) -> Any: ...

# Along one axis, several or all.
_Axis = SupportsIndex | Sequence[SupportsIndex] | None
_Rng = int | np.random.Generator | None

@overload
def softmax(x: NDArray[_F], /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
            out: None = None, dtype: None = None) -> NDArray[_F]: ...
@overload
def softmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0, out: _Array,
            dtype: DTypeLike | None = None) -> _Array: ...
@overload
def softmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
            out: None = None, dtype: DTypeLike | None = None) -> Any: ...
@overload
def log_softmax(x: NDArray[_F], /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
                out: None = None, dtype: None = None) -> NDArray[_F]: ...
@overload
def log_softmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
                out: _Array, dtype: DTypeLike | None = None) -> _Array: ...
@overload
def log_softmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
                out: None = None, dtype: DTypeLike | None = None) -> Any: ...
@overload
def softmin(x: NDArray[_F], /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
            out: None = None, dtype: None = None) -> NDArray[_F]: ...
@overload
def softmin(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0, out: _Array,
            dtype: DTypeLike | None = None) -> _Array: ...
@overload
def softmin(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
            out: None = None, dtype: DTypeLike | None = None) -> Any: ...
@overload
def hardmax(x: NDArray[_F], /, axis: _Axis = -1, *, where: ArrayLike = True, out: None = None,
            dtype: None = None) -> NDArray[_F]: ...
@overload
def hardmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, out: _Array,
            dtype: DTypeLike | None = None) -> _Array: ...
@overload
def hardmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, out: None = None,
            dtype: DTypeLike | None = None) -> Any: ...
@overload
def gumbel_softmax(x: NDArray[_F], /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
                   hard: bool = False, rng: _Rng = None, out: None = None,
                   dtype: None = None) -> NDArray[_F]: ...
@overload
def gumbel_softmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
                   hard: bool = False, rng: _Rng = None, out: _Array,
                   dtype: DTypeLike | None = None) -> _Array: ...
@overload
def gumbel_softmax(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, temperature: float = 1.0,
                   hard: bool = False, rng: _Rng = None, out: None = None,
                   dtype: DTypeLike | None = None) -> Any: ...
@overload
def logsumexp(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, b: ArrayLike | None = None,
              keepdims: bool = False, out: _Array, dtype: DTypeLike | None = None) -> _Array: ...
@overload
def logsumexp(x: Any, /, axis: _Axis = -1, *, where: ArrayLike = True, b: ArrayLike | None = None,
              keepdims: bool = False, out: None = None, dtype: DTypeLike | None = None) -> Any: ...
@overload
def softmax_backward(g: NDArray[_F] | float, y: NDArray[_F], /, axis: _Axis = -1, *, where: ArrayLike = True,
                     temperature: float = 1.0, out: None = None) -> NDArray[_F]: ...
@overload
def softmax_backward(g: Any, y: Any, /, axis: _Axis = -1, *, where: ArrayLike = True,
                     temperature: float = 1.0, out: Any = None) -> Any: ...
@overload
def log_softmax_backward(g: NDArray[_F] | float, y: NDArray[_F], /, axis: _Axis = -1, *,
                         where: ArrayLike = True, temperature: float = 1.0,
                         out: None = None) -> NDArray[_F]: ...
@overload
def log_softmax_backward(g: Any, y: Any, /, axis: _Axis = -1, *, where: ArrayLike = True,
                         temperature: float = 1.0, out: Any = None) -> Any: ...
@overload
def softmin_backward(g: NDArray[_F] | float, y: NDArray[_F], /, axis: _Axis = -1, *, where: ArrayLike = True,
                     temperature: float = 1.0, out: None = None) -> NDArray[_F]: ...
@overload
def softmin_backward(g: Any, y: Any, /, axis: _Axis = -1, *, where: ArrayLike = True,
                     temperature: float = 1.0, out: Any = None) -> Any: ...
@overload
def logsumexp_backward(g: NDArray[_F] | float, x: NDArray[_F], y: NDArray[_F] | _F, /, axis: _Axis = -1, *,
                       where: ArrayLike = True, b: None = None, keepdims: bool = False,
                       out: None = None) -> NDArray[_F]: ...
@overload
def logsumexp_backward(g: Any, x: Any, y: Any, /, axis: _Axis = -1, *, where: ArrayLike = True,
                       b: ArrayLike | None = None, keepdims: bool = False, out: Any = None) -> Any: ...
# Losses

_Reduction = Literal["mean", "sum", "none"]

def cross_entropy(logits: ArrayLike, labels: ArrayLike, axis: int = -1, *, weight: ArrayLike | None = None,
                  ignore_index: int | None = None, label_smoothing: float = 0.0,
                  reduction: _Reduction = "mean") -> Any: ...
@overload
def cross_entropy_with_grad(logits: NDArray[_F], labels: ArrayLike, axis: int = -1, *,
                            weight: ArrayLike | None = None, ignore_index: int | None = None,
                            label_smoothing: float = 0.0, reduction: _Reduction = "mean",
                            out: None = None) -> tuple[Any, NDArray[_F]]: ...
@overload
def cross_entropy_with_grad(logits: ArrayLike, labels: ArrayLike, axis: int = -1, *,
                            weight: ArrayLike | None = None, ignore_index: int | None = None,
                            label_smoothing: float = 0.0, reduction: _Reduction = "mean",
                            out: Any = None) -> tuple[Any, Any]: ...
def hinge_loss(scores: ArrayLike, labels: ArrayLike, axis: int = -1, *, margin: float = 1.0,
               weight: ArrayLike | None = None, ignore_index: int | None = None,
               reduction: _Reduction = "mean") -> Any: ...
@overload
def hinge_loss_with_grad(scores: NDArray[_F], labels: ArrayLike, axis: int = -1, *, margin: float = 1.0,
                         weight: ArrayLike | None = None, ignore_index: int | None = None,
                         reduction: _Reduction = "mean", out: None = None) -> tuple[Any, NDArray[_F]]: ...
@overload
def hinge_loss_with_grad(scores: ArrayLike, labels: ArrayLike, axis: int = -1, *, margin: float = 1.0,
                         weight: ArrayLike | None = None, ignore_index: int | None = None,
                         reduction: _Reduction = "mean", out: Any = None) -> tuple[Any, Any]: ...
