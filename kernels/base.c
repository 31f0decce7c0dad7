// Every architecture: what the compiler assumes without being told (on x86-64, SSE2 and no FMA).
#define ISA base
#define WIDTH 128
#include "instantiate.h"
