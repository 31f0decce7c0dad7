// The thread pool: run_split() runs a large call in pieces.
//
// Each thread owns the same share of the pieces on every call, so that its data stays in its core's
// cache, and steals from other shares when its own is done. A share is one atomic word, generation |
// first | last: a piece is claimed by moving an end. The job is read only after a claim and replaced
// only when all pieces are claimed and all claimed pieces are done, so a worker that comes late finds
// nothing and harms nothing. The caller works too and waits for claimed pieces only, never for a worker
// that has not started.
//
// No piece needs the GIL. If the pool is busy the call is serial. A forked child has no workers.
#define _GNU_SOURCE
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define RELAX _mm_pause()
#elif defined(__aarch64__)
#define RELAX __asm__ volatile("yield")
#else
#define RELAX ((void)0)
#endif

enum { SPIN_NS = 20000, OPERANDS = MAX_OPERANDS, STEPS = 2 * MAX_OPERANDS };

// ---- The job.
static struct {
    const struct row *row;
    char *args[OPERANDS];
    intptr_t steps[STEPS];
    intptr_t count, core, piece;  // outer elements, elements of the core dimension, outer elements a piece
    intptr_t step, state;         // of a row in parts
} job;
static struct { _Alignas(64) atomic_uint_fast64_t word; } shares[MAX_THREADS];
static atomic_uint_fast64_t generation;
static atomic_int threads_now, done, overflowed, busy, sleepers, caller_sleeps;
static int workers;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER, finished = PTHREAD_COND_INITIALIZER;

enum { PIECE_BITS = 20 };
#define PIECE_MASK ((UINT64_C(1) << PIECE_BITS) - 1)
static uint64_t share_word(uint64_t gen, uint64_t first, uint64_t last)
{
    return gen << (2 * PIECE_BITS) | first << PIECE_BITS | last;
}

// Takes a piece from the front of one's own share or the back of another's; -1 if it is empty.
static intptr_t claim(int thread, bool own)
{
    uint64_t word = atomic_load_explicit(&shares[thread].word, memory_order_relaxed);
    for (;;) {
        const uint64_t first = word >> PIECE_BITS & PIECE_MASK, last = word & PIECE_MASK;
        if (first >= last) return -1;
        const uint64_t left = own ? word + (UINT64_C(1) << PIECE_BITS) : word - 1;
        if (atomic_compare_exchange_weak_explicit(&shares[thread].word, &word, left,
                                                  memory_order_acquire, memory_order_relaxed))
            return own ? first : last - 1;
    }
}

static void run_piece(intptr_t p)
{
    const struct row *const row = job.row;
    const int operands = row->inputs + row->bound + row->outputs;
    const intptr_t start = p * job.piece, left = job.count - start;
    const intptr_t dims[] = {left < job.piece ? left : job.piece, job.core, job.step, job.state, start};
    char *args[OPERANDS];
    for (int i = 0; i < operands; i++) args[i] = job.args[i] + start * job.steps[i];
    row->loop(args, dims, job.steps, (void *)row->data);
}

static void take_part(int self)
{
    const int threads = atomic_load_explicit(&threads_now, memory_order_relaxed);
    if (self >= threads) return;
    for (int i = 0; i < threads; i++) {
        const int owner = (self + i) % threads;
        for (intptr_t p; (p = claim(owner, i == 0)) >= 0;) {
            const intptr_t pieces = (job.count + job.piece - 1) / job.piece;
            run_piece(p);
            if (self && fetestexcept(FE_OVERFLOW)) {
                feclearexcept(FE_ALL_EXCEPT);
                atomic_store_explicit(&overflowed, 1, memory_order_relaxed);
            }
            if (atomic_fetch_add(&done, 1) + 1 == pieces && atomic_load(&caller_sleeps)) {
                pthread_mutex_lock(&mutex);
                pthread_cond_signal(&finished);
                pthread_mutex_unlock(&mutex);
            }
        }
    }
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool spin_until_changed(atomic_uint_fast64_t *word, uint64_t seen)
{
    const uint64_t end = now_ns() + SPIN_NS;
    do
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(word, memory_order_acquire) != seen) return true;
            RELAX;
        }
    while (now_ns() < end);
    return false;
}

static atomic_int spinning;  // threads <= cores: a worker may wait awake

static void *worker(void *self)
{
    fesetenv(FE_DFL_ENV);
    uint64_t seen = 0;
    for (;;) {
        if (!atomic_load(&spinning) || !spin_until_changed(&generation, seen)) {
            pthread_mutex_lock(&mutex);
            atomic_fetch_add(&sleepers, 1);
            while (atomic_load(&generation) == seen) pthread_cond_wait(&work, &mutex);
            atomic_fetch_sub(&sleepers, 1);
            pthread_mutex_unlock(&mutex);
        }
        seen = atomic_load(&generation);
        take_part((int)(intptr_t)self);
    }
    return NULL;
}

// The child of a fork has the caller's thread only.
static void after_fork(void)
{
    workers = 0;
    for (int i = 0; i < MAX_THREADS; i++) atomic_store(&shares[i].word, 0);
    atomic_store(&busy, 0), atomic_store(&sleepers, 0), atomic_store(&caller_sleeps, 0);
    mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    work = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    finished = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
}

static void start_workers(int wanted)
{
    static bool registered;
    if (!registered) registered = pthread_atfork(NULL, NULL, after_fork) == 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are Python's, on its own threads
    for (; workers < wanted; workers++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, worker, (void *)(intptr_t)(workers + 1))) break;
        pthread_detach(thread);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool run_split(const struct row *row, char **args, const intptr_t *dims, const intptr_t *steps, int threads,
               bool *worker_overflowed)
{
    if (atomic_exchange_explicit(&busy, 1, memory_order_acquire)) return false;
    if (workers < threads - 1) start_workers(threads - 1);
    if (threads > workers + 1) threads = workers + 1;
    if (threads == 1) {
        atomic_store_explicit(&busy, 0, memory_order_release);
        return false;
    }
    const int operands = row->inputs + row->bound + row->outputs;
    memcpy(job.args, args, operands * sizeof *args);
    memcpy(job.steps, steps, (operands + row->core_steps) * sizeof *steps);
    job.row = row;
    job.count = dims[0];
    job.core = row->core_steps ? dims[1] : 0;
    job.step = row->core_steps ? dims[2] : WHOLE_ROWS;
    job.state = job.step ? dims[3] : 0;

    // As many pieces of at least a grain as divide evenly; columns stay together in tiles.
    const bool columns = row->core_steps && steps[0] == row->size && steps[operands] != row->size;
    const intptr_t unit = columns || !row->core_steps ? 64 : 1;
    const intptr_t limit = (PIECE_MASK - 1) / threads * threads;
    intptr_t pieces = dims[0] * (job.core ? job.core : 1) / row->policy->grain;
    if (pieces > limit) pieces = limit;
    if (pieces > threads) pieces -= pieces % threads;
    if (pieces > dims[0]) pieces = dims[0];
    job.piece = ((dims[0] + pieces - 1) / pieces + unit - 1) / unit * unit;
    pieces = (dims[0] + job.piece - 1) / job.piece;

    const uint64_t gen = atomic_load_explicit(&generation, memory_order_relaxed) + 1;
    atomic_store_explicit(&done, 0, memory_order_relaxed);
    atomic_store_explicit(&overflowed, 0, memory_order_relaxed);
    atomic_store_explicit(&threads_now, threads, memory_order_relaxed);
    atomic_store_explicit(&spinning, threads <= row->policy->cores, memory_order_relaxed);
    for (int t = 0; t < threads; t++) {
        const uint64_t word = share_word(gen, pieces * t / threads, pieces * (t + 1) / threads);
        atomic_store_explicit(&shares[t].word, word, memory_order_release);
    }
    atomic_store(&generation, gen);
    if (atomic_load(&sleepers)) {
        pthread_mutex_lock(&mutex);
        pthread_cond_broadcast(&work);
        pthread_mutex_unlock(&mutex);
    }

    take_part(0);
    if (atomic_load(&done) < pieces) {
        const uint64_t end = now_ns() + SPIN_NS;
        while (atomic_load(&done) < pieces && now_ns() < end) RELAX;
        pthread_mutex_lock(&mutex);
        atomic_store(&caller_sleeps, 1);
        while (atomic_load(&done) < pieces) pthread_cond_wait(&finished, &mutex);
        atomic_store(&caller_sleeps, 0);
        pthread_mutex_unlock(&mutex);
    }
    *worker_overflowed = atomic_load_explicit(&overflowed, memory_order_relaxed);
    atomic_store_explicit(&busy, 0, memory_order_release);
    return true;
}
