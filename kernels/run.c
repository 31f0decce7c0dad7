// run(): the inner loop that NumPy calls for every ufunc, whichever backend made its kernel. It adds the
// bound operands, lets the pool have large calls, and leaves the floating-point state as it should be.
#define _GNU_SOURCE
#include <fenv.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// ---- Floating-point state. Kernels run with default rounding and subnormals, whatever the caller has
// set, and raise flags in lanes that no result uses. Afterwards everything is as it was, but for a
// true overflow. On x86 that is one register, written only if it changed: flags left set would cost
// NumPy 5 us.
#if defined(__x86_64__)
typedef unsigned fp_state;
enum { FLAGS = 0x3f, OVERFLOW_FLAG = 0x08, INEXACT_AND_DENORMAL = 0x22, MASKED = 0x1f80 };
static fp_state fp_enter(void)
{
    const fp_state before = _mm_getcsr();
    if (before & ~(MASKED | INEXACT_AND_DENORMAL)) _mm_setcsr(MASKED);
    return before;
}
static bool fp_overflowed(void) { return _mm_getcsr() & OVERFLOW_FLAG; }
static void fp_leave(fp_state before, bool overflowed)
{
    const unsigned now = _mm_getcsr();
    const unsigned after = before | (now & INEXACT_AND_DENORMAL) | (overflowed ? OVERFLOW_FLAG : 0);
    if (now != after) _mm_setcsr(after);
}
#else
typedef fenv_t fp_state;
static fp_state fp_enter(void)
{
    fenv_t before;
    feholdexcept(&before);
    fesetround(FE_TONEAREST);
    return before;
}
static bool fp_overflowed(void) { return fetestexcept(FE_OVERFLOW); }
static void fp_leave(fp_state before, bool overflowed)
{
    fesetenv(&before);
    if (overflowed) feraiseexcept(FE_OVERFLOW);
}
#endif

static bool is_infinite(const char *p, char type)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t u = 0;  // x86 and ARM are little-endian
    switch (type) {
    case 'e': memcpy(&u, p, 2); return (u & 0x7fff) == 0x7c00;
    case 'E': memcpy(&u, p, 2); return (u & 0x7fff) == 0x7f80;
    case 'f': memcpy(&u, p, 4); return (u & 0x7fffffff) == 0x7f800000;
    case 'd': memcpy(&u, p, 8); return (u & ~sign) == UINT64_C(0x7ff0000000000000);
    default: return false;
    }
}

// Whether an output is infinite where no input is: the flag alone may come from a branch that a
// compiler ran for all elements and selected from. Where an output has overwritten the input, an
// infinity counts.
static bool truly_overflowed(const struct row *row, char **args, const intptr_t *dims, const intptr_t *steps)
{
    const int inputs = row->inputs + row->bound, operands = inputs + row->outputs;
    const intptr_t core = row->core_steps ? dims[1] : 1;
    intptr_t along[MAX_OPERANDS] = {0};
    for (int k = 0, next = operands; k < operands; k++)
        if (row->rows >> k & 1) along[k] = steps[next++];
    for (intptr_t r = 0; r < dims[0]; r++)
        for (intptr_t i = 0; i < core; i++) {
            const char *at[MAX_OPERANDS];
            for (int k = 0; k < operands; k++) at[k] = args[k] + r * steps[k] + i * along[k];
            for (int o = inputs; o < operands; o++) {
                bool infinite = is_infinite(at[o], row->type[o]);
                for (int k = 0; infinite && k < inputs; k++)
                    infinite = at[k] == at[o] || !is_infinite(at[k], row->type[k]);
                if (infinite) return true;
            }
        }
    return false;
}

static int thread_limit(const struct policy *policy)
{
    const int64_t own = (intptr_t)pthread_getspecific((pthread_key_t)policy->key);
    const int64_t limit = own ? own : policy->threads;
    return limit < MAX_THREADS ? (int)limit : MAX_THREADS;
}

static bool try_split(const struct row *row, char **args, const intptr_t *dims, const intptr_t *steps,
                      bool *worker_overflowed)
{
    const intptr_t cost = row->core_steps ? dims[0] * dims[1] : dims[0];
    if (cost < 2 * row->policy->grain || dims[0] == 1) return false;
    const int threads = thread_limit(row->policy);
    if (threads == 1) return false;
    if (!row->core_steps && carries(args, steps, row->inputs + row->bound, row->outputs, dims[0], row->size))
        return false;
    return run_split(row, args, dims, steps, threads, worker_overflowed);
}

// One long row in parts; false, having done nothing, if it is short or its kernel has none. Its state would be
// on the stack of every call if this were inlined.
__attribute__((noinline)) static bool try_parts(const struct row *row, char **args, const intptr_t *dims,
                                                const intptr_t *steps, bool *worker_overflowed)
{
    if (!row->core_steps || dims[0] != 1 || dims[1] < 2 * row->policy->grain) return false;
    const int threads = thread_limit(row->policy);
    const intptr_t n = dims[1], part = part_of(n), parts = (n + part - 1) / part;
    if (threads == 1 || parts == 1) return false;
    intptr_t lines[MAX_PARTS * LINE / sizeof(intptr_t)];
    const intptr_t state = (intptr_t)lines;
    lines[0] = 0;
    row->loop(args, (intptr_t[]){0, n, PREPARE, state, part}, steps, (void *)row->data);
    if (!lines[0]) return false;
    const int operands = row->inputs + row->bound + row->outputs;
    intptr_t along[2 * MAX_OPERANDS];
    memcpy(along, steps, (operands + row->core_steps) * sizeof *steps);
    for (int k = 0, next = operands; k < operands; k++) along[k] = row->rows >> k & 1 ? part * steps[next++] : 0;
    const bool as_large = row->rows >> (operands - 1) & 1;
    for (int step = SCALE; step <= WRITE; step++) {
        const intptr_t over_parts[] = {parts, part, step, state, 0}, joined[] = {0, n, step, state, parts};
        const intptr_t written[] = {1, n, step, state, 0};
        bool overflowed = false;
        if (step == JOIN_SCALES || step == JOIN_SUMS) row->loop(args, joined, steps, (void *)row->data);
        else if (step == WRITE && !as_large) row->loop(args, written, steps, (void *)row->data);
        else if (!run_split(row, args, over_parts, along, threads, &overflowed))
            row->loop(args, over_parts, along, (void *)row->data);
        *worker_overflowed |= overflowed;
    }
    return true;
}

void run(char **args, const intptr_t *dims, const intptr_t *steps, void *data)
{
    const struct row *const row = data;
    char *all_args[MAX_OPERANDS];
    intptr_t all_steps[2 * MAX_OPERANDS];
    const int inputs = row->inputs, bound = row->bound, outputs = row->outputs;
    if (bound) {  // operands of stride 0 between the inputs and the outputs
        for (int i = 0; i < inputs; i++) all_args[i] = args[i], all_steps[i] = steps[i];
        for (int i = 0; i < bound; i++) {
            all_args[inputs + i] = (char *)&row->value[i];
            all_steps[inputs + i] = 0;
        }
        for (int i = 0; i < outputs; i++) all_args[inputs + bound + i] = args[inputs + i];
        for (int i = 0; i < outputs + row->core_steps; i++)
            all_steps[inputs + bound + i] = steps[inputs + i];
        args = all_args, steps = all_steps;
    }
    const fp_state before = fp_enter();
    bool overflowed = false;
    const intptr_t whole[] = {dims[0], row->core_steps ? dims[1] : 0, WHOLE_ROWS, 0, 0};
    if (!try_split(row, args, whole, steps, &overflowed) && !try_parts(row, args, whole, steps, &overflowed))
        row->loop(args, whole, steps, (void *)row->data);
    overflowed |= fp_overflowed();
    fp_leave(before, overflowed && truly_overflowed(row, args, dims, steps));
}
