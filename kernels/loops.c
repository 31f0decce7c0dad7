// From any layout to a dense kernel: NumPy's inner loop for every elementwise kernel.
#include <stdbool.h>
#include <string.h>

#include "kernels.h"

// The lowest and highest byte that n elements reach.
struct extent { const char *first, *last; };
static struct extent extent(const char *p, intptr_t n, intptr_t step, intptr_t size)
{
    const intptr_t far = (n - 1) * step;
    return (struct extent){p + (far < 0 ? far : 0), p + (far > 0 ? far : 0) + size - 1};
}

// Whether element i of an output may be read as another element of an input. NumPy copies such
// operands, except in reduce and accumulate, which rely on one element after the other.
bool carries(char *const *args, const intptr_t *steps, int inputs, int outputs, intptr_t n, intptr_t size)
{
    for (int o = inputs; o < inputs + outputs; o++) {
        if (steps[o] == 0) return true;
        const struct extent out = extent(args[o], n, steps[o], size);
        for (int i = 0; i < inputs; i++) {
            if (args[i] == args[o] && steps[i] == steps[o]) continue;
            const struct extent in = extent(args[i], n, steps[i], size);
            if (in.first <= out.last && out.first <= in.last) return true;
        }
    }
    return false;
}

#define COPY(type) \
    for (intptr_t i = 0; i < n; i++) *(type *)(to + i * to_step) = *(const type *)(from + i * from_step);
static void copy(char *to, intptr_t to_step, const char *from, intptr_t from_step, intptr_t n, intptr_t size)
{
    switch (size) {
    case 1: COPY(uint8_t) break;
    case 2: COPY(uint16_t) break;
    case 4: COPY(uint32_t) break;
    default: COPY(uint64_t)
    }
}

static intptr_t size_of(const struct elementwise *k, int i)
{
    return k->nin <= i && i < k->nin + k->nparam ? k->parameter_size : k->size;
}

static void blocked(const struct elementwise *k, char *const *args, intptr_t n, const intptr_t *steps,
                    intptr_t block)
{
    _Alignas(64) char buffer[MAX_OPERANDS][BLOCK * 8];
    const int inputs = k->nin + k->nparam, operands = inputs + k->nout;
    for (intptr_t start = 0; start < n; start += block) {
        const intptr_t m = n - start < block ? n - start : block;
        char *at[MAX_OPERANDS];
        for (int i = 0; i < operands; i++) {
            const intptr_t size = size_of(k, i);
            char *const p = args[i] + start * steps[i];
            at[i] = steps[i] == size ? p : buffer[i];
            if (i < inputs && at[i] != p && (steps[i] != 0 || start == 0 || block == 1))
                copy(at[i], size, p, steps[i], m, size);
        }
        k->dense(at, m);
        for (int o = inputs; o < operands; o++)
            if (at[o] == buffer[o]) copy(args[o] + start * steps[o], steps[o], at[o], k->size, m, k->size);
    }
}

void elementwise_loop(char **args, const intptr_t *dims, const intptr_t *steps, void *data)
{
    const struct elementwise *const k = data;
    const int inputs = k->nin + k->nparam;
    const intptr_t n = dims[0];
    if (n == 1) {
        k->dense(args, 1);
        return;
    }
    bool contiguous = true, scalar = true, varying = true;
    for (int i = 0; i < k->nin; i++) contiguous &= steps[i] == k->size;
    for (int i = k->nin; i < inputs; i++) scalar &= steps[i] == 0, varying &= steps[i] == k->parameter_size;
    for (int i = inputs; i < inputs + k->nout; i++) contiguous &= steps[i] == k->size;
    if (carries(args, steps, inputs, k->nout, n, k->size)) blocked(k, args, n, steps, 1);
    else if (contiguous && scalar) k->scalar(args, n);
    else if (contiguous && varying) k->dense(args, n);
    else blocked(k, args, n, steps, BLOCK);
}

void elementwise_rows(char **args, const intptr_t *dims, const intptr_t *steps, void *data)
{
    const struct elementwise *const k = data;
    const int operands = k->nin + k->nparam + k->nout;
    for (intptr_t r = 0; r < dims[0]; r++) {
        char *row[MAX_OPERANDS];
        for (int i = 0; i < operands; i++) row[i] = args[i] + r * steps[i];
        elementwise_loop(row, dims + 1, steps + operands, data);
    }
}
