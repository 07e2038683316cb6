#include "textflag.h"

// Kernels that offer labels to a block of eight cells of a tile; see
// kernel_amd64.go. Rows of a tile are 320 bytes apart (tileStride), and the moves
// come in the order of allMoves: the cell that move (dc, dr) comes from lies
// −(320·dr + 4·dc) bytes away.

DATA turns<>+0(SB)/8, $0x0000000000000007 // lane i takes lane i−1
DATA turns<>+8(SB)/8, $0x0000000200000001
DATA turns<>+16(SB)/8, $0x0000000400000003
DATA turns<>+24(SB)/8, $0x0000000600000005
DATA turns<>+32(SB)/8, $0x0000000200000001 // lane i takes lane i+1
DATA turns<>+40(SB)/8, $0x0000000400000003
DATA turns<>+48(SB)/8, $0x0000000600000005
DATA turns<>+56(SB)/8, $0x0000000000000007
GLOBL turns<>(SB), RODATA|NOPTR, $64

DATA infinite<>+0(SB)/4, $0x7F800000
GLOBL infinite<>(SB), RODATA|NOPTR, $4

// The moves in their order, for a rule that takes where the cell moved from lies
// and the number of the move.
#define ALONG(RULE) \
	RULE(4, 0)                   \
	RULE(-4, 1)

#define ACROSS(RULE) \
	RULE(320, 2)                 \
	RULE(-320, 3)                \
	RULE(324, 4)                 \
	RULE(316, 5)                 \
	RULE(-316, 6)                \
	RULE(-324, 7)

#define KNIGHTS(RULE) \
	RULE(328, 8)                 \
	RULE(312, 9)                 \
	RULE(-312, 10)               \
	RULE(-328, 11)               \
	RULE(644, 12)                \
	RULE(636, 13)                \
	RULE(-636, 14)               \
	RULE(-644, 15)

#define FAR(RULE) \
	RULE(332, 16)                \
	RULE(308, 17)                \
	RULE(-308, 18)               \
	RULE(-332, 19)               \
	RULE(964, 20)                \
	RULE(956, 21)                \
	RULE(-956, 22)               \
	RULE(-964, 23)               \
	RULE(652, 24)                \
	RULE(628, 25)                \
	RULE(-628, 26)               \
	RULE(-652, 27)               \
	RULE(968, 28)                \
	RULE(952, 29)                \
	RULE(-952, 30)               \
	RULE(-968, 31)

// The labels in (Y0, Y1) become the least of themselves and those in (Y4, Y5):
// time first, then facility.
#define LEAST \
	VCMPPS    $1, Y0, Y4, Y6     \
	VCMPPS    $0, Y0, Y4, Y7     \
	VPMINSD   Y5, Y1, Y8         \
	VBLENDVPS Y7, Y8, Y1, Y1     \
	VBLENDVPS Y6, Y5, Y1, Y1     \
	VMINPS    Y0, Y4, Y0

#define RELAX(from, k) \
	VMOVUPS from(SI), Y4         \
	VADDPS  (k*32)(DX), Y4, Y4   \
	VMOVDQU from(DI), Y5         \
	LEAST

// TURN offers each lane the label of the one beside it; the lane that has none
// beside it is offered +Inf.
#define TURN(order, none, weight) \
	VPERMPS  Y0, order, Y4       \
	VBLENDPS none, Y14, Y4, Y4   \
	VADDPS   weight(DX), Y4, Y4  \
	VPERMD   Y1, order, Y5       \
	LEAST

// Times above the limit are unreached: +Inf, −1.
#define WITHIN \
	VCMPPS    $2, Y2, Y0, Y4     \
	VBLENDVPS Y4, Y0, Y14, Y0    \
	VPXOR     Y15, Y4, Y4        \
	VPOR      Y4, Y1, Y1

// DIFFER sets the bits of AX for the lanes where (Y0, Y1) differ from (a, b).
#define DIFFER(a, b) \
	VPCMPEQD  Y0, a, Y4          \
	VPCMPEQD  Y1, b, Y5          \
	VPAND     Y5, Y4, Y4         \
	VMOVMSKPS Y4, AX             \
	XORL      $0xFF, AX

// func relaxBlock(seconds *float32, near *int32, weights *float32, moves int, limit float32) (lanes uint32)
TEXT ·relaxBlock(SB), NOSPLIT, $0-44
	MOVQ         seconds+0(FP), SI
	MOVQ         near+8(FP), DI
	MOVQ         weights+16(FP), DX
	MOVQ         moves+24(FP), CX
	VBROADCASTSS limit+32(FP), Y2
	VBROADCASTSS infinite<>(SB), Y14
	VPCMPEQD     Y15, Y15, Y15
	VMOVUPS      (SI), Y0
	VMOVDQU      (DI), Y1
	VMOVAPS      Y0, Y9
	VMOVDQA      Y1, Y10
	ALONG(RELAX)
	ACROSS(RELAX)
	CMPQ         CX, $8
	JE           relaxed
	KNIGHTS(RELAX)
	CMPQ         CX, $16
	JE           relaxed
	FAR(RELAX)

relaxed:
	WITHIN
	DIFFER(Y9, Y10)
	JZ      same
	VMOVUPS turns<>+0(SB), Y11
	VMOVUPS turns<>+32(SB), Y12

along: // within the block, until nothing changes
	VMOVAPS  Y0, Y13
	VMOVDQA  Y1, Y3
	TURN(Y11, $1, 32)
	TURN(Y12, $0x80, 0)
	WITHIN
	DIFFER(Y13, Y3)
	JNZ      along

	DIFFER(Y9, Y10)
	VMOVUPS Y0, (SI)
	VMOVDQU Y1, (DI)

same:
	MOVL AX, lanes+40(FP)
	VZEROUPPER
	RET

// OFFER notes which lanes of a rank could take the label of the cell that move
// k comes from: not those that have its facility in that rank already, no later.
#define OFFER(from, k) \
	VMOVUPS   from(SI), Y4        \
	VADDPS    (k*32)(DX), Y4, Y4  \
	VPCMPEQD  from(DI), Y1, Y5    \
	VCMPPS    $13, Y0, Y4, Y6     \
	VPAND     Y5, Y6, Y6          \
	VCMPPS    $2, Y2, Y4, Y7      \
	VPANDN    Y7, Y6, Y6          \
	VMOVMSKPS Y6, AX              \
	MOVB      AX, k(R9)           \
	ORL       AX, R10

// func offersBlock(seconds *float32, near *int32, weights *float32, moves, ranks int, limit float32, offers *offers) (lanes uint32)
TEXT ·offersBlock(SB), NOSPLIT, $0-60
	MOVQ         seconds+0(FP), SI
	MOVQ         near+8(FP), DI
	MOVQ         weights+16(FP), DX
	MOVQ         moves+24(FP), CX
	MOVQ         ranks+32(FP), R8
	VBROADCASTSS limit+40(FP), Y2
	MOVQ         offers+48(FP), R9
	XORL         R10, R10
	MOVQ         R8, R11
	DECQ         R11
	IMULQ        $22400, R11 // a plane: tileRows·tileStride·4
	VMINPS       (SI)(R11*1), Y2, Y2 // the last rank's time

rank:
	VMOVUPS      (SI), Y0
	VMOVDQU      (DI), Y1
	ALONG(OFFER)
	CMPQ         CX, $2
	JE           ranked
	ACROSS(OFFER)
	CMPQ         CX, $8
	JE           ranked
	KNIGHTS(OFFER)
	CMPQ         CX, $16
	JE           ranked
	FAR(OFFER)

ranked:
	ADDQ         $22400, SI
	ADDQ         $22400, DI
	ADDQ         $32, R9
	DECQ         R8
	JNZ          rank
	MOVL         R10, lanes+56(FP)
	VZEROUPPER
	RET
