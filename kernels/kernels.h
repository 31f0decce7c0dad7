// What every C file here shares: the shape of a NumPy inner loop, of a table entry, and of the
// row of arguments that the driver run() finds behind `void *data`.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { MAX_OPERANDS = 8, BLOCK = 256, MAX_THREADS = 256 };

// PyUFuncGenericFunction. For a gufunc, dims is {outer, core...}, steps {outer per operand, core...}.
typedef void loop_fn(char **args, const intptr_t *dims, const intptr_t *steps, void *data);

// An elementwise kernel over n contiguous elements; outputs may be inputs (exactly), not overlap them.
typedef void dense_fn(char *const *args, intptr_t n);

struct elementwise {
    int nin, nparam, nout;          // operands in this order
    intptr_t size, parameter_size;  // of one element, bytes
    dense_fn *dense;                // parameters vary with the element
    dense_fn *scalar;               // parameters are one value
};

// One entry of a backend's table.
struct kernel {
    const char *name, *type;  // type: NumPy's character of the arrays
    loop_fn *loop;
    const void *data;
};

// One copy of all kernels. compiled_with: the instruction set that the compiler says it used.
struct table {
    const char *isa;
    int count;
    const struct kernel *kernels;
    const char *compiled_with;
};
extern const struct table table_base, table_avx2, table_avx512;

loop_fn elementwise_loop;  // loops.c
loop_fn elementwise_rows;  // the same for every row of a gufunc

// A call of one long row runs in steps over parts of the row, each step on the pool. The parts do not depend on
// threads, and sums are added part by part however a row is computed, so the bits are the same. For gufuncs run()
// gives a kernel five dims: outer elements, core, step, state, first. In a step that runs over parts the outer
// elements are parts, `first` and on; state has a line for each, whose first word is the length of the part.
enum step {
    WHOLE_ROWS,   // no parts
    PREPARE,      // 0, core, PREPARE, state, length of a part: fill in the lengths. A kernel without parts does nothing
    SCALE,        // over parts: extremes
    JOIN_SCALES,  // 0, core, JOIN_SCALES, state, parts: the scale of the row
    MEASURE,      // over parts: sums
    JOIN_SUMS,    // as JOIN_SCALES: the sum of the row
    WRITE,        // over parts: results. One number for a row: 1, core, WRITE, state, 0
};
enum { PART = 32768, UNIT = 4096, MAX_PARTS = 256, LINE = 256 };
static inline intptr_t part_of(intptr_t n)
{
    const intptr_t most = (intptr_t)MAX_PARTS * UNIT;
    return n <= (intptr_t)MAX_PARTS * PART ? PART : (n + most - 1) / most * UNIT;
}

// What decides whether a call is split, for both backends: src/softramp/threads.py owns the one
// instance. key: a pthread key whose value, if not 0, is the calling thread's own limit.
struct policy {
    int64_t threads, cores, grain, key;
};

// What run() finds behind data: src/softramp/factory.py fills one for each ufunc and type.
struct row {
    loop_fn *loop;  // serial, GIL-free
    const void *data;
    const struct policy *policy;
    int64_t inputs, bound, outputs;   // inputs: arrays and parameters given by NumPy; bound here
    int64_t core_steps, rows;         // 0 for an elementwise loop; bit k: operand k is a row
    int64_t size;                     // of an array element, bytes
    char type[MAX_OPERANDS];          // of the operands, NumPy's characters
    int64_t value[MAX_OPERANDS / 2];  // the bound operands, one to a cell
};

loop_fn run;  // run.c: what NumPy calls, with a struct row

// pool.c: runs the loop, or a step of it, in pieces; false, having done nothing, if the pool is busy or cannot be had.
_Bool run_split(const struct row *row, char **args, const intptr_t *dims, const intptr_t *steps, int threads,
                _Bool *worker_overflowed);

// loops.c: whether an element of an output may be read as another element of an input.
_Bool carries(char *const *args, const intptr_t *steps, int inputs, int outputs, intptr_t n, intptr_t size);
