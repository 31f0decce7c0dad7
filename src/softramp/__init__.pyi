"""What type checkers see: the functions are made at run time. A test compares this with the definitions."""

from typing import Any, Literal, TypeVar, overload

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

relu: _Forward
relu_backward: _Backward
sigmoid: _Forward
sigmoid_backward: _Backward
expit: _Forward
tanh: _Forward
tanh_backward: _Backward
silu: _Forward
silu_backward: _Backward

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
def prelu(x: NDArray[_F], /, weight: NDArray[_F] | float, *, out: None = None,
          dtype: None = None, **kwargs: Unpack[_Keywords]) -> NDArray[_F]: ...
@overload
def prelu(x: Any, /, weight: ArrayLike, *, out: Any = None,
          dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> Any: ...
@overload
def prelu_backward(g: NDArray[_F] | float, x: NDArray[_F], /, weight: NDArray[_F], *, out: None = None,
                   dtype: None = None, **kwargs: Unpack[_Keywords]) -> tuple[NDArray[_F], NDArray[_F]]: ...
@overload
def prelu_backward(g: Any, x: Any, /, weight: ArrayLike, *, out: Any = None,
                   dtype: DTypeLike | None = None, **kwargs: Unpack[_Keywords]) -> tuple[Any, Any]: ...
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
def softmax(x: NDArray[_F], /, axis: int = -1, *, out: None = None, dtype: None = None) -> NDArray[_F]: ...
@overload
def softmax(x: Any, /, axis: int = -1, *, out: Any = None, dtype: DTypeLike | None = None) -> Any: ...
@overload
def softmax_backward(g: NDArray[_F], y: NDArray[_F], /, axis: int = -1, *,
                     out: None = None) -> NDArray[_F]: ...
@overload
def softmax_backward(g: Any, y: Any, /, axis: int = -1, *, out: Any = None) -> Any: ...
@overload
def log_softmax(x: NDArray[_F], /, axis: int = -1, *, out: None = None,
                dtype: None = None) -> NDArray[_F]: ...
@overload
def log_softmax(x: Any, /, axis: int = -1, *, out: Any = None, dtype: DTypeLike | None = None) -> Any: ...
@overload
def log_softmax_backward(g: NDArray[_F], y: NDArray[_F], /, axis: int = -1, *,
                         out: None = None) -> NDArray[_F]: ...
@overload
def log_softmax_backward(g: Any, y: Any, /, axis: int = -1, *, out: Any = None) -> Any: ...
