//go:build !purego

#include "textflag.h"

// CONSTANTS makes Y12 the mask of a step's place in the table, Y11 ones, and Y10 the mask of the lower
// half of each 64-bit lane.
#define CONSTANTS \
	MOVL $2047, AX; \
	VMOVD AX, X12; \
	VPBROADCASTD X12, Y12; \
	MOVL $1, AX; \
	VMOVD AX, X11; \
	VPBROADCASTD X11, Y11; \
	VPCMPEQD Y10, Y10, Y10; \
	VPSRLQ $32, Y10, Y10

// WEIGH weighs the steps in Y1 by the table at BX, writes the weights to DX, and adds them to the sums in
// Y0. The gather goes to a cleared register, so that it need not wait for the one before.
#define WEIGH \
	VPAND Y12, Y1, Y2; \
	VPCMPEQD Y3, Y3, Y3; \
	VPXOR Y4, Y4, Y4; \
	VPGATHERDD Y3, (BX)(Y2*4), Y4; \
	VPSRLD $11, Y1, Y1; \
	VPSRLVD Y1, Y4, Y4; \
	VPADDD Y11, Y4, Y4; \
	VMOVDQU Y4, (DX); \
	VPAND Y10, Y4, Y5; \
	VPSRLQ $32, Y4, Y4; \
	VPADDQ Y5, Y0, Y0; \
	VPADDQ Y4, Y0, Y0; \
	ADDQ $32, SI; \
	ADDQ $32, DX

// SUM writes the sum of Y0 to DI.
#define SUM \
	VEXTRACTI128 $1, Y0, X1; \
	VPADDQ X1, X0, X0; \
	VPSHUFD $0xee, X0, X1; \
	VPADDQ X1, X0, X0; \
	VMOVQ X0, (DI); \
	ADDQ $8, DI

// func maximumAVX2(lanes *[8]float32, row *float32, n int)
TEXT ·maximumAVX2(SB), NOSPLIT, $0-24
	MOVQ lanes+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVUPS (SI), Y0        // maxima, two of them for the latency
	VMOVUPS Y0, Y1
	VPXOR Y2, Y2, Y2        // all ones where there was NaN
	CMPQ CX, $2
	JLT last

pair:
	VMOVUPS (SI), Y3
	VMOVUPS 32(SI), Y4
	VMAXPS Y3, Y0, Y0
	VMAXPS Y4, Y1, Y1
	VCMPPS $3, Y4, Y3, Y5   // unordered: one of them is NaN
	VORPS Y5, Y2, Y2
	ADDQ $64, SI
	SUBQ $2, CX
	CMPQ CX, $2
	JGE pair

last:
	TESTQ CX, CX
	JZ done
	VMOVUPS (SI), Y3
	VMAXPS Y3, Y0, Y0
	VCMPPS $3, Y3, Y3, Y5
	VORPS Y5, Y2, Y2

done:
	VMAXPS Y1, Y0, Y0
	VORPS Y2, Y0, Y0
	VMOVUPS Y0, (DI)
	VZEROUPPER
	RET

// func weighAVX2(blocks *uint64, weights *uint32, logits *float32, n int, top float32, table *[2048]uint32)
TEXT ·weighAVX2(SB), NOSPLIT, $0-48
	MOVQ blocks+0(FP), DI
	MOVQ weights+8(FP), DX
	MOVQ logits+16(FP), SI
	MOVQ n+24(FP), CX
	VBROADCASTSS top+32(FP), Y15
	MOVQ table+40(FP), BX
	MOVL $0x41b00000, AX    // floorBits
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	MOVL $0x4538aa3b, AX    // logitScale
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	CONSTANTS

block:
	VPXOR Y0, Y0, Y0        // sums
	MOVQ $8, AX

row:
	VSUBPS (SI), Y15, Y1
	VPMINUD Y14, Y1, Y1
	VMULPS Y13, Y1, Y1
	VCVTTPS2DQ Y1, Y1       // steps
	WEIGH
	DECQ AX
	JNZ row

	SUM
	DECQ CX
	JNZ block
	VZEROUPPER
	RET

// func maximumFixedAVX2(lanes *[8]int32, row *int32, n int)
TEXT ·maximumFixedAVX2(SB), NOSPLIT, $0-24
	MOVQ lanes+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVDQU (SI), Y0

group:
	VPMAXSD (SI), Y0, Y0
	ADDQ $32, SI
	DECQ CX
	JNZ group
	VMOVDQU Y0, (DI)
	VZEROUPPER
	RET

// func weighFixedAVX2(blocks *uint64, weights *uint32, logits *int32, n int, top int32, table *[2048]uint32)
TEXT ·weighFixedAVX2(SB), NOSPLIT, $0-48
	MOVQ blocks+0(FP), DI
	MOVQ weights+8(FP), DX
	MOVQ logits+16(FP), SI
	MOVQ n+24(FP), CX
	MOVL top+32(FP), AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVQ table+40(FP), BX
	MOVL $0xffff, AX        // fixedFloor
	VMOVD AX, X14
	VPBROADCASTD X14, Y14
	CONSTANTS

block:
	VPXOR Y0, Y0, Y0        // sums
	MOVQ $8, AX

row:
	VPSUBD (SI), Y15, Y1
	VPMINUD Y14, Y1, Y1     // steps
	WEIGH
	DECQ AX
	JNZ row

	SUM
	DECQ CX
	JNZ block
	VZEROUPPER
	RET
