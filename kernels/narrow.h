// float16 and bfloat16 <-> float32, for one instruction set. A conversion to float32 is exact; one back is
// to nearest, ties to even.
INLINE uint32_t bits_of(float x) { uint32_t u; memcpy(&u, &x, sizeof u); return u; }
INLINE float value_of(uint32_t u) { float x; memcpy(&x, &u, sizeof x); return x; }

// Its exponent moved from the bias of float16 to that of float32 by a product, which is right for
// subnormal numbers, too.
INLINE float float_of_half(uint16_t h)
{
    const uint32_t magnitude = (uint32_t)(h & 0x7fff) << 13, sign = (uint32_t)(h & 0x8000) << 16;
    const uint32_t finite = bits_of(value_of(magnitude) * 0x1p112f);
    return value_of((magnitude >= 0x7c00u << 13 ? magnitude | 0x7f800000 : finite) | sign);
}

// Rounded on the bits if the result is normal, by adding 1/2, whose last place is the smallest float16, if
// it is not. A product raises the flag of an overflow.
INLINE uint16_t half_of_float(float x)
{
    const uint32_t u = bits_of(x) & 0x7fffffff, sign = (bits_of(x) >> 16) & 0x8000;
    const uint32_t rounded = u + 0xfff + (u >> 13 & 1);
    const uint32_t infinity = bits_of(value_of(rounded & ~0x1fffu) * 0x1p112f) >> 13 & 0x7c00;
    const uint32_t tiny = bits_of(value_of(u < 0x38800000 ? u : 0x38800000) + 0.5f) - 0x3f000000;
    const uint32_t normal = (rounded >> 13) - (112 << 10);
    const uint32_t finite = u < 0x38800000 ? tiny : normal;
    return (uint16_t)((u > 0x7f800000 ? 0x7e00 : rounded >= 0x47800000 ? infinity : finite) | sign);
}

INLINE uint16_t bfloat16_of_float(float x)
{
    const uint32_t u = bits_of(x);
    return (uint16_t)(x != x ? (u >> 16 & 0x8000) | 0x7fc0 : (u + 0x7fff + (u >> 16 & 1)) >> 16);
}

enum { LANES = 16 };

#if WIDTH == 512
INLINE void widen_half(float *to, const uint16_t *from)
{
    _mm512_storeu_ps(to, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from)));
}

INLINE void narrow_half(uint16_t *to, const float *from)
{
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtps_ph(_mm512_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT));
}

// Word i to the upper half of lane i, and back: one operation where shifts and conversions take three.
INLINE void widen_bfloat16(float *to, const uint16_t *from)
{
    const __m512i u = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)from));
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    _mm512_storeu_si512(to, _mm512_maskz_permutexvar_epi16(0xaaaaaaaa, _mm512_slli_epi32(lane, 16), u));
}

INLINE void narrow_bfloat16(uint16_t *to, const float *from)
{
    const __m512 x = _mm512_loadu_ps(from);
    const __m512i u = _mm512_castps_si512(x);
    const __m512i down = _mm512_add_epi32(u, _mm512_set1_epi32(0x7fff));
    const __mmask16 odd = _mm512_test_epi32_mask(u, _mm512_set1_epi32(0x10000));
    const __m512i even = _mm512_mask_sub_epi32(down, odd, down, _mm512_set1_epi32(-1));
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i chosen = _mm512_mask_or_epi32(even, nan, u, _mm512_set1_epi32(0x400000));
    const __m512i word = _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0x1f001d, 0x1b0019, 0x170015, 0x130011, 0xf000d,
                                          0xb0009, 0x70005, 0x30001);
    const __m512i packed = _mm512_permutexvar_epi16(word, chosen);
    _mm256_storeu_si256((__m256i *)to, _mm512_castsi512_si256(packed));
}
#elif WIDTH == 256
INLINE void widen_half(float *to, const uint16_t *from)
{
    for (int k = 0; k < LANES; k += 8)
        _mm256_storeu_ps(to + k, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + k))));
}

INLINE void narrow_half(uint16_t *to, const float *from)
{
    for (int k = 0; k < LANES; k += 8)
        _mm_storeu_si128((__m128i *)(to + k),
                         _mm256_cvtps_ph(_mm256_loadu_ps(from + k), _MM_FROUND_TO_NEAREST_INT));
}

INLINE void widen_bfloat16(float *to, const uint16_t *from)
{
    for (int k = 0; k < LANES; k += 8) {
        const __m256i u = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(from + k)));
        _mm256_storeu_si256((__m256i *)(to + k), _mm256_slli_epi32(u, 16));
    }
}

INLINE void narrow_bfloat16(uint16_t *to, const float *from)
{
    for (int k = 0; k < LANES; k += 8) {
        const __m256 x = _mm256_loadu_ps(from + k);
        const __m256i u = _mm256_castps_si256(x);
        const __m256i even = _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
        const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(u, _mm256_set1_epi32(0x7fff)), even);
        const __m256i nan = _mm256_or_si256(u, _mm256_set1_epi32(0x400000));
        const __m256i unordered = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
        const __m256i chosen = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, nan, unordered), 16);
        const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(chosen, chosen), 0x08);
        _mm_storeu_si128((__m128i *)(to + k), _mm256_castsi256_si128(packed));
    }
}
#else
INLINE void widen_half(float *to, const uint16_t *from)
{
    for (int k = 0; k < LANES; k++) to[k] = float_of_half(from[k]);
}

INLINE void narrow_half(uint16_t *to, const float *from)
{
    for (int k = 0; k < LANES; k++) to[k] = half_of_float(from[k]);
}

INLINE void widen_bfloat16(float *to, const uint16_t *from)
{
    for (int k = 0; k < LANES; k++) to[k] = value_of((uint32_t)from[k] << 16);
}

INLINE void narrow_bfloat16(uint16_t *to, const float *from)
{
    for (int k = 0; k < LANES; k++) to[k] = bfloat16_of_float(from[k]);
}
#endif

typedef void widen_fn(float *to, const uint16_t *from);
typedef void narrow_fn(uint16_t *to, const float *from);
typedef void lanes_fn(char *const *args, widen_fn *widen, narrow_fn *narrow);

// A kernel over arrays of any length, LANES elements at a time; the rest goes through full lanes, too. A
// scalar parameter is spread over lanes beforehand: gcc makes masks of scalars bit by bit.
INLINE void in_lanes(char *const *args, intptr_t n, const int nin, const int nparam, const int nout,
                     const int scalar, lanes_fn *const lanes, widen_fn *const widen, narrow_fn *const narrow)
{
    const int inputs = nin + nparam, operands = inputs + nout;
    _Alignas(64) char spare[MAX_OPERANDS][LANES * sizeof(float)] = {0};
    char *at[MAX_OPERANDS], *rest[MAX_OPERANDS];
    intptr_t size[MAX_OPERANDS];
    for (int i = 0; i < operands; i++) {
        const int parameter = nin <= i && i < inputs;
        at[i] = args[i], size[i] = parameter ? sizeof(float) : sizeof(uint16_t), rest[i] = spare[i];
        if (!parameter || !scalar) continue;
        at[i] = spare[i], size[i] = 0;
        for (int k = 0; k < LANES; k++) memcpy(spare[i] + k * sizeof(float), args[i], sizeof(float));
    }
    for (; n >= LANES; n -= LANES) {
        lanes(at, widen, narrow);
        for (int i = 0; i < operands; i++) at[i] += LANES * size[i];
    }
    if (n == 0) return;
    for (int i = 0; i < inputs; i++) memcpy(rest[i], at[i], n * size[i]);
    lanes(rest, widen, narrow);
    for (int o = inputs; o < operands; o++) memcpy(at[o], rest[o], n * size[o]);
}
