// What Python sees: the tables that this machine can run.
#include "kernels.h"

// By which threadpoolctl knows this library: src/softramp/threadpool.py.
__attribute__((visibility("default"))) const char softramp_kernels = 1;

// Best first; NULL where this copy was not compiled or the processor cannot run it.
static const struct table *table(int i)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    switch (i) {
    case 0:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                   ? &table_avx512
                   : NULL;
    case 1: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table_avx2 : NULL;
    }
#endif
    return i == 2 ? &table_base : NULL;
}

int tables(const struct table **found)
{
    int n = 0;
    for (int i = 0; i < 3; i++)
        if (table(i)) found[n++] = table(i);
    return n;
}
