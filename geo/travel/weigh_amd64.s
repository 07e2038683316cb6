#include "textflag.h"

// Kernels that compute the times of the moves into a block of eight cells of a
// tile; places of cells as in relax_amd64.s.

// What the kernels below share: pace in (R8), elevation in (R9), rates of the
// moves in (R10), parameters in (R11), weights to (DX). Y0 and Y1 are pace and
// elevation of the cells moved to, Y15 is +Inf, Y3 the sum of paces, Y5 the
// slope, Y6 its factor.

#define INF 64(R11)
#define ONE 96(R11)

#define PACE(from) \
	VADDPS from(R8), Y0, Y3

// The moves below weigh what lies on the way, then go by the rule of a kernel.

#define STRAIGHT(RULE, k, from) \
	PACE(from)                    \
	RULE(from, k)

// A diagonal is closed where both cells beside it are.
#define DIAGONAL(RULE, k, from, a, b) \
	PACE(from)                    \
	VMOVUPS   a(R8), Y4           \
	VMINPS    b(R8), Y4, Y4       \
	VCMPPS    $0, Y15, Y4, Y4     \
	VBLENDVPS Y4, Y15, Y3, Y3     \
	RULE(from, k)

#define KNIGHT(RULE, k, from, a, b) \
	PACE(from)                    \
	VMOVUPS a(R8), Y4             \
	VADDPS  b(R8), Y4, Y4         \
	VADDPS  Y4, Y3, Y3            \
	RULE(from, k)

// Moves of three cells one way: see farStep. a to d are the cells between in
// order; e and f those beside the corner.
#define ONETHREE(RULE, k, from, a, b, e, f) \
	PACE(from)                    \
	VMULPS    480(R11), Y3, Y3    \
	VMOVUPS   a(R8), Y4           \
	VADDPS    b(R8), Y4, Y4       \
	VMULPS    480(R11), Y4, Y4    \
	VADDPS    Y4, Y3, Y3          \
	VADDPS    Y4, Y3, Y3          \
	VMOVUPS   e(R8), Y4           \
	VMINPS    f(R8), Y4, Y4       \
	VCMPPS    $0, Y15, Y4, Y4     \
	VBLENDVPS Y4, Y15, Y3, Y3     \
	RULE(from, k)

#define TWOTHREE(RULE, k, from, a, b, c, d) \
	PACE(from)                    \
	VMULPS    480(R11), Y3, Y3    \
	VMOVUPS   a(R8), Y4           \
	VADDPS    d(R8), Y4, Y4       \
	VMULPS    512(R11), Y4, Y4    \
	VADDPS    Y4, Y3, Y3          \
	VMOVUPS   b(R8), Y4           \
	VADDPS    c(R8), Y4, Y4       \
	VMULPS    544(R11), Y4, Y4    \
	VADDPS    Y4, Y3, Y3          \
	RULE(from, k)

#define STORE(k) \
	VBROADCASTSS (k*8)(R10), Y4   \
	VMULPS       Y4, Y3, Y3       \
	VMOVUPS      Y3, (k*32)(DX)

#define SLOPE(from, k) \
	VSUBPS       from(R9), Y1, Y5 \
	VBROADCASTSS (k*8+4)(R10), Y4 \
	VMULPS       Y4, Y5, Y5

// BEGIN turns the slope into the direction of walking in Y5, and remembers
// where it is unknown (Y13) and too steep (Y14).
#define BEGIN \
	VCMPPS $3, Y5, Y5, Y13        \
	VANDPS 128(R11), Y5, Y14      \
	VCMPPS $14, 32(R11), Y14, Y14 \
	VMULPS 0(R11), Y5, Y5

// END applies the factor.
#define END \
	VBLENDVPS Y14, Y15, Y6, Y6    \
	VBLENDVPS Y13, ONE, Y6, Y6    \
	VMULPS    Y6, Y3, Y3

#define LANGMUIR(from, k) \
	SLOPE(from, k)                \
	BEGIN                         \
	VMOVUPS   160(R11), Y6        \
	VCMPPS    $13, 192(R11), Y5, Y7 \
	VBLENDVPS Y7, Y8, Y6, Y6      \
	VPXOR     Y7, Y7, Y7          \
	VCMPPS    $13, Y7, Y5, Y7     \
	VBLENDVPS Y7, Y9, Y6, Y6      \
	VMULPS    Y5, Y6, Y6          \
	VADDPS    ONE, Y6, Y6         \
	END                           \
	STORE(k)

#define TOBLER(from, k) \
	SLOPE(from, k)                \
	BEGIN                         \
	VADDPS     160(R11), Y5, Y5   \
	VANDPS     128(R11), Y5, Y5   \
	VSUBPS     160(R11), Y5, Y5   \
	VMULPS     192(R11), Y5, Y5   \
	VCMPPS     $1, 224(R11), Y5, Y7 \
	VADDPS     256(R11), Y5, Y8   \
	VCVTTPS2DQ Y8, Y8             \
	VCVTDQ2PS  Y8, Y9             \
	VSUBPS     Y9, Y5, Y5         \
	VMULPS     288(R11), Y5, Y6   \
	VADDPS     320(R11), Y6, Y6   \
	VMULPS     Y5, Y6, Y6         \
	VADDPS     352(R11), Y6, Y6   \
	VMULPS     Y5, Y6, Y6         \
	VADDPS     384(R11), Y6, Y6   \
	VMULPS     Y5, Y6, Y6         \
	VADDPS     416(R11), Y6, Y6   \
	VMULPS     Y5, Y6, Y6         \
	VADDPS     448(R11), Y6, Y6   \
	VMULPS     Y5, Y6, Y6         \
	VADDPS     ONE, Y6, Y6        \
	VPSLLD     $23, Y8, Y8        \
	VPADDD     ONE, Y8, Y8        \
	VMULPS     Y8, Y6, Y6         \
	VBLENDVPS  Y7, Y6, Y15, Y6    \
	END                           \
	STORE(k)

#define MINETTI(from, k) \
	SLOPE(from, k)                \
	BEGIN                         \
	VMINPS    192(R11), Y5, Y7    \
	VMAXPS    160(R11), Y7, Y7    \
	VMULPS    224(R11), Y7, Y6    \
	VADDPS    256(R11), Y6, Y6    \
	VMULPS    Y7, Y6, Y6          \
	VADDPS    288(R11), Y6, Y6    \
	VMULPS    Y7, Y6, Y6          \
	VADDPS    320(R11), Y6, Y6    \
	VMULPS    Y7, Y6, Y6          \
	VADDPS    352(R11), Y6, Y6    \
	VMULPS    Y7, Y6, Y6          \
	VADDPS    384(R11), Y6, Y6    \
	VCMPPS    $4, Y7, Y5, Y8      \
	VDIVPS    Y7, Y5, Y5          \
	VMULPS    Y5, Y6, Y5          \
	VBLENDVPS Y8, Y5, Y6, Y6      \
	VMULPS    416(R11), Y6, Y6    \
	END                           \
	STORE(k)

// PLACE finds the entries of a table about the slope: Y7, and the share Y5 of
// the next one. Slopes that are unknown are taken as the steepest.
#define PLACE \
	VMINPS     192(R11), Y5, Y5   \
	VMAXPS     160(R11), Y5, Y5   \
	VADDPS     192(R11), Y5, Y5   \
	VMULPS     224(R11), Y5, Y5   \
	VCVTTPS2DQ Y5, Y7             \
	VPMINSD    256(R11), Y7, Y7   \
	VCVTDQ2PS  Y7, Y8             \
	VSUBPS     Y8, Y5, Y5

#define BETWEEN(table, to) \
	VPCMPEQD   Y9, Y9, Y9         \
	VGATHERDPS Y9, (table)(Y7*4), to \
	VPCMPEQD   Y9, Y9, Y9         \
	VGATHERDPS Y9, 4(table)(Y7*4), Y8 \
	VSUBPS     to, Y8, Y8         \
	VMULPS     Y5, Y8, Y8         \
	VADDPS     Y8, to, to

#define TABLE(from, k) \
	SLOPE(from, k)                \
	BEGIN                         \
	PLACE                         \
	BETWEEN(R12, Y6)              \
	VMAXPS 288(R11), Y6, Y6       \
	END                           \
	STORE(k)

#define TABLES(from, k) \
	SLOPE(from, k)                \
	BEGIN                         \
	PLACE                         \
	BETWEEN(R12, Y6)              \
	BETWEEN(R13, Y10)             \
	VMAXPS ONE, Y6, Y6            \
	VMINPS Y10, Y6, Y6            \
	VMAXPS 288(R11), Y6, Y6       \
	END                           \
	STORE(k)

#define LEVEL(from, k) \
	STORE(k)

// ARGUMENTS are the same of all kernels.
#define ARGUMENTS \
	MOVQ weights+0(FP), DX         \
	MOVQ pace+8(FP), R8            \
	MOVQ z+16(FP), R9              \
	MOVQ rates+24(FP), R10         \
	MOVQ law+32(FP), R11           \
	MOVQ moves+40(FP), CX

// ALL weighs the moves, each by what lies on its way, then by the rule.
#define ALL(RULE) \
	VMOVUPS (R8), Y0                                \
	VMOVUPS (R9), Y1                                \
	VMOVUPS INF, Y15                                \
	STRAIGHT(RULE, 0, 4)                            \
	STRAIGHT(RULE, 1, -4)                           \
	STRAIGHT(RULE, 2, 320)                          \
	STRAIGHT(RULE, 3, -320)                         \
	DIAGONAL(RULE, 4, 324, 320, 4)                  \
	DIAGONAL(RULE, 5, 316, 320, -4)                 \
	DIAGONAL(RULE, 6, -316, -320, 4)                \
	DIAGONAL(RULE, 7, -324, -320, -4)               \
	CMPQ    CX, $8                                  \
	JE      done                                    \
	KNIGHT(RULE, 8, 328, 324, 4)                    \
	KNIGHT(RULE, 9, 312, 316, -4)                   \
	KNIGHT(RULE, 10, -312, -316, 4)                 \
	KNIGHT(RULE, 11, -328, -324, -4)                \
	KNIGHT(RULE, 12, 644, 324, 320)                 \
	KNIGHT(RULE, 13, 636, 316, 320)                 \
	KNIGHT(RULE, 14, -636, -316, -320)              \
	KNIGHT(RULE, 15, -644, -324, -320)              \
	CMPQ    CX, $16                                 \
	JE      done                                    \
	ONETHREE(RULE, 16, 332, 328, 4, 8, 324)         \
	ONETHREE(RULE, 17, 308, 312, -4, -8, 316)       \
	ONETHREE(RULE, 18, -308, -312, 4, 8, -316)      \
	ONETHREE(RULE, 19, -332, -328, -4, -8, -324)    \
	ONETHREE(RULE, 20, 964, 644, 320, 640, 324)     \
	ONETHREE(RULE, 21, 956, 636, 320, 640, 316)     \
	ONETHREE(RULE, 22, -956, -636, -320, -640, -316)\
	ONETHREE(RULE, 23, -964, -644, -320, -640, -324)\
	TWOTHREE(RULE, 24, 652, 648, 328, 324, 4)       \
	TWOTHREE(RULE, 25, 628, 632, 312, 316, -4)      \
	TWOTHREE(RULE, 26, -628, -632, -312, -316, 4)   \
	TWOTHREE(RULE, 27, -652, -648, -328, -324, -4)  \
	TWOTHREE(RULE, 28, 968, 648, 644, 324, 320)     \
	TWOTHREE(RULE, 29, 952, 632, 636, 316, 320)     \
	TWOTHREE(RULE, 30, -952, -632, -636, -316, -320)\
	TWOTHREE(RULE, 31, -968, -648, -644, -324, -320)\
done:                                            \
	VZEROUPPER                                      \
	RET

// func weighLevel(weights, pace, z *float32, rates *rate, law *law, moves int)
TEXT ·weighLevel(SB), NOSPLIT, $0-48
	ARGUMENTS
	ALL(LEVEL)

// func weighLangmuir(weights, pace, z *float32, rates *rate, law *law, moves int)
TEXT ·weighLangmuir(SB), NOSPLIT, $0-48
	ARGUMENTS
	VMOVUPS 224(R11), Y8
	VMOVUPS 256(R11), Y9
	ALL(LANGMUIR)

// func weighTobler(weights, pace, z *float32, rates *rate, law *law, moves int)
TEXT ·weighTobler(SB), NOSPLIT, $0-48
	ARGUMENTS
	ALL(TOBLER)

// func weighMinetti(weights, pace, z *float32, rates *rate, law *law, moves int)
TEXT ·weighMinetti(SB), NOSPLIT, $0-48
	ARGUMENTS
	ALL(MINETTI)

// func weighTable(weights, pace, z *float32, rates *rate, law *law, moves int)
TEXT ·weighTable(SB), NOSPLIT, $0-48
	ARGUMENTS
	MOVQ    576(R11), R12
	ALL(TABLE)

// func weighTables(weights, pace, z *float32, rates *rate, law *law, moves int)
TEXT ·weighTables(SB), NOSPLIT, $0-48
	ARGUMENTS
	MOVQ    576(R11), R12
	MOVQ    584(R11), R13
	ALL(TABLES)
