"""The cffi extension softramp._kernels: the C backend. setup.py names it; nothing imports it."""

from pathlib import Path

from cffi import FFI

SOURCES = ["base.c", "avx2.c", "avx512.c", "loops.c", "run.c", "pool.c", "kernels.c"]

# -fno-trapping-math: gcc vectorises a select only with it; run() puts the flags right.
# -ffp-contract=off: a fused operation stands where the source says fma, and nowhere else.
# Never -ffast-math: linking with it flips flush-to-zero for the whole process.
FLAGS = ["-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
         "-fvisibility=hidden", "-pthread", "-g0"]

here = Path(__file__).parent  # relative to setup.py, as setuptools wants its paths

ffibuilder = FFI()
# Plain C without NumPy's headers: the table's entries go to NumPy as addresses (factory.py).
ffibuilder.cdef("""
    typedef void loop_fn(char **, const intptr_t *, const intptr_t *, void *);
    struct kernel { const char *name, *type; loop_fn *loop; const void *data; };
    struct table { const char *isa; int count; const struct kernel *kernels; const char *compiled_with; };
    int tables(const struct table **found);
    void *run_address(void);
    void *elementwise_rows_address(void);
""")
ffibuilder.set_source(
    "softramp._kernels",
    """
    #include "kernels.h"
    int tables(const struct table **found);
    static void *run_address(void) { return (void *)run; }
    static void *elementwise_rows_address(void) { return (void *)elementwise_rows; }
    """,
    sources=[str(here / name) for name in SOURCES],
    depends=[str(p) for p in sorted(here.glob("*.h")) + sorted(here.glob("*.inc"))],
    include_dirs=[str(here)],
    extra_compile_args=FLAGS,
    extra_link_args=["-pthread"],
    define_macros=[("Py_LIMITED_API", "0x030a0000")],
)
