//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Instructions that Go's assembler does not know: (destination, first, second), with 4 numbers of 32
// bits unless the name says otherwise.
#define SMIN(d, n, m) WORD $(0x4ea06c00 | (m)<<16 | (n)<<5 | (d))
#define SMAX(d, n, m) WORD $(0x4ea06400 | (m)<<16 | (n)<<5 | (d))
#define UMIN(d, n, m) WORD $(0x6ea06c00 | (m)<<16 | (n)<<5 | (d))
#define MUL(d, n, m) WORD $(0x4ea09c00 | (m)<<16 | (n)<<5 | (d))
#define ABS(d, n) WORD $(0x4ea0b800 | (n)<<5 | (d))
#define NEGATIVE(d, n) WORD $(0x4ea0a800 | (n)<<5 | (d)) // CMLT: all bits where n is below 0
#define SMAXV(d, n) WORD $(0x4eb0a800 | (n)<<5 | (d))
#define SADALP(d, n) WORD $(0x4e606800 | (n)<<5 | (d)) // adds pairs of 16 bits to 32
// Shifts to the left, or to the right by negative counts; SRSHL rounds to the nearest, halves up.
#define SRSHL(d, n, m) WORD $(0x4ea05400 | (m)<<16 | (n)<<5 | (d))
#define SRSHL64(d, n, m) WORD $(0x4ee05400 | (m)<<16 | (n)<<5 | (d))
#define SSHL(d, n, m) WORD $(0x4ea04400 | (m)<<16 | (n)<<5 | (d))
#define USHL(d, n, m) WORD $(0x6ea04400 | (m)<<16 | (n)<<5 | (d))
#define USHL16(d, n, m) WORD $(0x6e604400 | (m)<<16 | (n)<<5 | (d))
// Products: SQRDMULH is mulRound of 8 numbers of 16 bits. SMULL and the like give twice the bits, of
// the lower halves or, with 2, the upper ones.
#define SQRDMULH(d, n, m) WORD $(0x6e60b400 | (m)<<16 | (n)<<5 | (d))
#define UMULL16(d, n, m) WORD $(0x2e60c000 | (m)<<16 | (n)<<5 | (d))
#define SMULL16(d, n, m) WORD $(0x0e60c000 | (m)<<16 | (n)<<5 | (d))
#define SMLAL16(d, n, m) WORD $(0x0e608000 | (m)<<16 | (n)<<5 | (d))
#define SMLSL16(d, n, m) WORD $(0x0e60a000 | (m)<<16 | (n)<<5 | (d))
#define SMULL(d, n, m) WORD $(0x0ea0c000 | (m)<<16 | (n)<<5 | (d))
#define SMULL2(d, n, m) WORD $(0x4ea0c000 | (m)<<16 | (n)<<5 | (d))
// SXTL extends 4 numbers of 16 bits; SQXTN and SQXTN2 bound 4 to 16 bits, into the lower and the upper
// half.
#define SXTL(d, n) WORD $(0x0f10a400 | (n)<<5 | (d))
#define SQXTN(d, n) WORD $(0x0e614800 | (n)<<5 | (d))
#define SQXTN2(d, n) WORD $(0x4e614800 | (n)<<5 | (d))

#define ZERO(v) VEOR v.B16, v.B16, v.B16

// MOST keeps the greatest magnitude in V31; RESULT returns it.
#define MOST(v) \
	ABS(30, v) \
	SMAX(31, 31, 30)

#define RESULT(at) \
	SMAXV(31, 31) \
	VMOV V31.S[0], R0 \
	MOVW R0, at

// MULSHIFT sets V0 to the low halves of V0*V1, shifted by V29. It uses V2 and V3.
#define MULSHIFT \
	SMULL(2, 0, 1) \
	SMULL2(3, 0, 1) \
	SRSHL64(2, 2, 29) \
	SRSHL64(3, 3, 29) \
	VUZP1 V3.S4, V2.S4, V0.S4

// COUNT makes v the negative of an argument, for shifts.
#define COUNT(at, v) \
	MOVD at, R9 \
	NEG R9, R9 \
	VDUP R9, v

// V28 is m, V27 the drop, V26 and V25 the limits, V29 the shift. V0 becomes 4 sums, rescaled.
#define RESCALING \
	MOVD sums+8(FP), R1 \
	MOVD rows+16(FP), R2 \
	MOVD n+24(FP), R3 \
	MOVD m+32(FP), R9 \
	VDUP R9, V28.H8 \
	COUNT(drop+40(FP), V27.S4) \
	COUNT(shift+48(FP), V29.D2) \
	MOVD limit+56(FP), R9 \
	VDUP R9, V26.S4 \
	NEG R9, R9 \
	VDUP R9, V25.S4

#define RESCALE \
	VLD1.P 16(R1), [V0.S4] \
	VLD1.P 8(R2), [V1.H4] \
	UMULL16(1, 1, 28) \
	SMIN(0, 0, 26) \
	SMAX(0, 0, 25) \
	USHL(1, 1, 27) \
	MULSHIFT

// func maxAbsNEON(x *int32, n int) (most uint32)
TEXT ·maxAbsNEON(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1
	ZERO(V31)

loop:
	VLD1.P 16(R0), [V0.S4]
	MOST(0)
	SUBS $4, R1
	BNE loop
	RESULT(most+16(FP))
	RET

// func stepNEON(q *int8, x *int32, n, shift, factor int)
TEXT ·stepNEON(SB), NOSPLIT, $0-40
	MOVD q+0(FP), R0
	MOVD x+8(FP), R1
	MOVD n+16(FP), R2
	COUNT(shift+24(FP), V29.S4)
	MOVD factor+32(FP), R9
	VDUP R9, V28.H8

loop:
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	SRSHL(0, 0, 29)
	SRSHL(1, 1, 29)
	SRSHL(2, 2, 29)
	SRSHL(3, 3, 29)
	VUZP1 V1.H8, V0.H8, V0.H8
	VUZP1 V3.H8, V2.H8, V2.H8
	SQRDMULH(0, 0, 28)
	SQRDMULH(2, 2, 28)
	VUZP1 V2.B16, V0.B16, V0.B16
	VST1.P [V0.B16], 16(R0)
	SUBS $16, R2
	BNE loop
	RET

// func normalizeNEON(y, x *int32, weight *int16, n int) (squares uint64, most uint32)
TEXT ·normalizeNEON(SB), NOSPLIT, $0-44
	MOVD y+0(FP), R0
	MOVD x+8(FP), R1
	MOVD weight+16(FP), R2
	MOVD n+24(FP), R3
	ZERO(V31)
	ZERO(V28)
	MOVD $(-const_normBits), R9
	VDUP R9, V29.D2

loop:
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 8(R2), [V1.H4]
	SXTL(1, 1)
	SMULL(2, 0, 0)
	SMULL2(3, 0, 0)
	VUSHR $const_squareDrop, V2.D2, V2.D2
	VUSHR $const_squareDrop, V3.D2, V3.D2
	VADD V2.D2, V28.D2, V28.D2
	VADD V3.D2, V28.D2, V28.D2
	MULSHIFT
	VST1.P [V0.S4], 16(R0)
	MOST(0)
	SUBS $4, R3
	BNE loop
	VMOV V28.D[0], R9
	VMOV V28.D[1], R10
	ADD R10, R9
	MOVD R9, squares+32(FP)
	RESULT(most+40(FP))
	RET

// func rescaleNEON(y, sums *int32, rows *uint16, n, m, drop, shift, limit int) (most uint32)
TEXT ·rescaleNEON(SB), NOSPLIT, $0-68
	MOVD y+0(FP), R0
	RESCALING
	ZERO(V31)

loop:
	RESCALE
	VST1.P [V0.S4], 16(R0)
	MOST(0)
	SUBS $4, R3
	BNE loop
	RESULT(most+64(FP))
	RET

// func accumulateNEON(x, sums *int32, rows *uint16, n, m, drop, shift, limit int)
TEXT ·accumulateNEON(SB), NOSPLIT, $0-64
	MOVD x+0(FP), R0
	RESCALING
	MOVD $const_residualMax, R9
	VDUP R9, V24.S4
	NEG R9, R9
	VDUP R9, V23.S4

loop:
	RESCALE
	VLD1 (R0), [V1.S4]
	VADD V1.S4, V0.S4, V0.S4
	SMIN(0, 0, 24)
	SMAX(0, 0, 23)
	VST1.P [V0.S4], 16(R0)
	SUBS $4, R3
	BNE loop
	RET

#define ENTRY(i) \
	VMOV V1.S[i], R9 \
	MOVHU (R5)(R9<<1), R9 \
	VMOV R9, V2.S[i]

// func gateNEON(y, in, u *int32, n, gShift, uShift int, sigmoid *uint16) (most uint32)
TEXT ·gateNEON(SB), NOSPLIT, $0-60
	MOVD y+0(FP), R0
	MOVD in+8(FP), R1
	MOVD u+16(FP), R2
	MOVD n+24(FP), R3
	MOVD sigmoid+48(FP), R5
	COUNT(gShift+32(FP), V29.S4)
	COUNT(uShift+40(FP), V28.S4)
	MOVD $(const_sigmoidSize-1), R9
	VDUP R9, V27.S4
	MOVD $(1<<15), R9
	VDUP R9, V26.S4
	ZERO(V31)

loop:
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 16(R2), [V4.S4]
	ABS(1, 0)
	VUSHR $(const_fraction-const_sigmoidFraction), V1.S4, V1.S4
	UMIN(1, 1, 27)
	ENTRY(0)
	ENTRY(1)
	ENTRY(2)
	ENTRY(3)
	NEGATIVE(3, 0) // 2^15 less the entry
	VEOR V3.B16, V2.B16, V2.B16
	VSUB V3.S4, V2.S4, V2.S4
	VAND V26.B16, V3.B16, V3.B16
	VADD V3.S4, V2.S4, V2.S4
	SRSHL(0, 0, 29)
	SQRDMULH(0, 0, 2) // of the lower 16 bits
	SRSHL(4, 4, 28)
	VUZP1 V4.H8, V0.H8, V0.H8
	VEXT $8, V0.B16, V0.B16, V4.B16
	SMULL16(0, 0, 4)
	VST1.P [V0.S4], 16(R0)
	MOST(0)
	SUBS $4, R3
	BNE loop
	RESULT(most+56(FP))
	RET

// func rotateNEON(y, x *int32, turn *int16, n, shift int) (most uint32)
TEXT ·rotateNEON(SB), NOSPLIT, $0-44
	MOVD y+0(FP), R0
	MOVD x+8(FP), R1
	MOVD turn+16(FP), R2
	MOVD n+24(FP), R3
	COUNT(shift+32(FP), V29.S4)
	ZERO(V31)

loop:
	VLD2.P 32(R1), [V0.S4, V1.S4]
	VLD2.P 16(R2), [V2.H4, V3.H4]
	SRSHL(0, 0, 29)
	SRSHL(1, 1, 29)
	VUZP1 V0.H8, V0.H8, V0.H8
	VUZP1 V1.H8, V1.H8, V1.H8
	SMULL16(4, 0, 2)
	SMLSL16(4, 1, 3)
	SMULL16(5, 0, 3)
	SMLAL16(5, 1, 2)
	VST2.P [V4.S4, V5.S4], 32(R0)
	MOST(4)
	MOST(5)
	SUBS $8, R3
	BNE loop
	RESULT(most+40(FP))
	RET

// func scoreStepsNEON(scores, steps *int32, n, stepShift, m, shift int) (top int32)
TEXT ·scoreStepsNEON(SB), NOSPLIT, $0-52
	MOVD scores+0(FP), R0
	MOVD steps+8(FP), R1
	MOVD n+16(FP), R3
	COUNT(stepShift+24(FP), V29.S4)
	MOVD m+32(FP), R9
	VDUP R9, V28.S4
	COUNT(shift+40(FP), V27.S4)
	MOVD $(-const_scoreDrop), R9
	VDUP R9, V26.S4
	MOVD $(1<<31), R9
	VDUP R9, V31.S4

loop:
	VLD1.P 16(R1), [V0.S4]
	VLD1 (R0), [V1.S4]
	SSHL(0, 0, 29)
	SQRDMULH(0, 0, 28)
	SRSHL(1, 1, 26)
	MUL(0, 0, 1)
	SSHL(0, 0, 27)
	VST1.P [V0.S4], 16(R0)
	SMAX(31, 31, 0)
	SUBS $4, R3
	BNE loop
	RESULT(top+48(FP))
	RET

// func weighNEON(hi, lo *int8, scores, steps *int32, n, top, stepShift int) (total int32)
TEXT ·weighNEON(SB), NOSPLIT, $0-60
	MOVD hi+0(FP), R0
	MOVD lo+8(FP), R1
	MOVD scores+16(FP), R2
	MOVD steps+24(FP), R4
	MOVD n+32(FP), R3
	MOVD top+40(FP), R9
	VDUP R9, V28.S4
	COUNT(stepShift+48(FP), V29.S4)
	MOVD $-1290, R9
	VDUP R9, V27.H8
	MOVD $7560, R9
	VDUP R9, V26.H8
	MOVD $-22654, R9
	VDUP R9, V25.H8
	MOVD $32767, R9
	VDUP R9, V24.H8
	MOVD $-1, R9
	VDUP R9, V23.H8
	ZERO(V31)

loop:
	VLD1.P 32(R2), [V0.S4, V1.S4]
	VSUB V0.S4, V28.S4, V0.S4
	VSUB V1.S4, V28.S4, V1.S4
	SQXTN(2, 0)
	SQXTN2(2, 1)
	VSHL $(16-const_exponentFraction), V2.H8, V3.H8
	VUSHR $1, V3.H8, V3.H8
	SQRDMULH(4, 3, 27)
	VADD V26.H8, V4.H8, V4.H8
	SQRDMULH(4, 4, 3)
	VADD V25.H8, V4.H8, V4.H8
	SQRDMULH(4, 4, 3)
	VADD V24.H8, V4.H8, V4.H8
	VUSHR $const_exponentFraction, V2.H8, V2.H8
	VSUB V2.H8, V23.H8, V2.H8 // -1 - t>>11
	USHL16(4, 4, 2)
	SADALP(31, 4)
	VLD1.P 32(R4), [V0.S4, V1.S4]
	SSHL(0, 0, 29)
	SSHL(1, 1, 29)
	VUZP1 V1.H8, V0.H8, V0.H8
	SQRDMULH(4, 4, 0)
	VUSHR $7, V4.H8, V5.H8
	VSHL $9, V4.H8, V4.H8
	VUSHR $9, V4.H8, V4.H8
	VUZP1 V5.B16, V5.B16, V5.B16
	VUZP1 V4.B16, V4.B16, V4.B16
	VST1.P [V5.B8], 8(R0)
	VST1.P [V4.B8], 8(R1)
	SUBS $8, R3
	BNE loop
	VADDV V31.S4, V31
	VMOV V31.S[0], R0
	MOVW R0, total+56(FP)
	RET

// func combineNEON(y, hi, lo *int32, n, m, shift int) (most uint32)
TEXT ·combineNEON(SB), NOSPLIT, $0-52
	MOVD y+0(FP), R0
	MOVD hi+8(FP), R1
	MOVD lo+16(FP), R2
	MOVD n+24(FP), R3
	MOVD m+32(FP), R9
	VDUP R9, V1.S4
	COUNT(shift+40(FP), V29.D2)
	ZERO(V31)

loop:
	VLD1.P 16(R1), [V0.S4]
	VLD1.P 16(R2), [V2.S4]
	VSHL $7, V0.S4, V0.S4
	VADD V2.S4, V0.S4, V0.S4
	MULSHIFT
	VST1.P [V0.S4], 16(R0)
	MOST(0)
	SUBS $4, R3
	BNE loop
	RESULT(most+48(FP))
	RET
