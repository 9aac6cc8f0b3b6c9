//go:build !purego

#include "textflag.h"

// Instructions that Go's assembler does not know: (destination, rows, x).
// SDOT adds the products of 4 bytes with those of element i of x to each 32 bits.
#define SDOT(d, w, x, i) WORD $(0x4f80e000 | ((i)&1)<<21 | (x)<<16 | ((i)>>1)<<11 | (w)<<5 | (d))
// SMULL and SMLAL multiply 8 bytes, of the lower halves or, with 2, the upper ones, to 16 bits.
#define SMULL(d, w, x) WORD $(0x0e20c000 | (x)<<16 | (w)<<5 | (d))
#define SMULL2(d, w, x) WORD $(0x4e20c000 | (x)<<16 | (w)<<5 | (d))
#define SMLAL(d, w, x) WORD $(0x0e208000 | (x)<<16 | (w)<<5 | (d))
#define SMLAL2(d, w, x) WORD $(0x4e208000 | (x)<<16 | (w)<<5 | (d))
// SADALP adds pairs of 16 bits to 32 bits.
#define SADALP(d, n) WORD $(0x4e606800 | (n)<<5 | (d))

// Registers: R0 y, R1 its pitch in bytes, R2 w, R3 its pitch, R4 panels, R5 x, R6 its pitch, R7 k,
// R8 in w, R9 to R12 in each x, R13 what is left of k, R14 in y.
#define ARGUMENTS \
	MOVD y+0(FP), R0 \
	MOVD yPitch+8(FP), R1 \
	LSL  $2, R1 \
	MOVD w+16(FP), R2 \
	MOVD wPitch+24(FP), R3 \
	MOVD panels+32(FP), R4 \
	MOVD x+40(FP), R5 \
	MOVD xPitch+48(FP), R6 \
	MOVD k+56(FP), R7

#define PANEL \
	MOVD R2, R8 \
	MOVD R5, R9 \
	ADD  R6, R9, R10 \
	ADD  R6, R10, R11 \
	ADD  R6, R11, R12 \
	MOVD R7, R13 \
	MOVD R0, R14

#define NEXT_PANEL \
	ADD R3, R2 \
	ADD $64, R0 \
	SUB $1, R4

#define CLEAR4(a, b, c, d) \
	VEOR a.B16, a.B16, a.B16 \
	VEOR b.B16, b.B16, b.B16 \
	VEOR c.B16, c.B16, c.B16 \
	VEOR d.B16, d.B16, d.B16

#define CLEAR16 \
	CLEAR4(V16, V17, V18, V19) \
	CLEAR4(V20, V21, V22, V23) \
	CLEAR4(V24, V25, V26, V27) \
	CLEAR4(V28, V29, V30, V31)

// With SDOT: V0 to V3 hold 4 columns of a panel, V4 to V7 16 or 4 columns of each x, and from V16
// on lie 4 registers of sums for each x.
#define LOAD4 VLD1.P 64(R8), [V0.B16, V1.B16, V2.B16, V3.B16]

#define SDOT4(d, x, i) \
	SDOT(d, 0, x, i) \
	SDOT(d+1, 1, x, i) \
	SDOT(d+2, 2, x, i) \
	SDOT(d+3, 3, x, i)

#define COLUMNS4(i) \
	LOAD4 \
	SDOT4(16, 4, i) \
	SDOT4(20, 5, i) \
	SDOT4(24, 6, i) \
	SDOT4(28, 7, i)

// func tile4SDOT(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)
TEXT ·tile4SDOT(SB), NOSPLIT, $0-64
	ARGUMENTS

panel:
	CLEAR16
	PANEL
	SUBS $16, R13
	BLT  rest

wide:
	VLD1.P 16(R9), [V4.B16]
	VLD1.P 16(R10), [V5.B16]
	VLD1.P 16(R11), [V6.B16]
	VLD1.P 16(R12), [V7.B16]
	COLUMNS4(0)
	COLUMNS4(1)
	COLUMNS4(2)
	COLUMNS4(3)
	SUBS   $16, R13
	BGE    wide

rest:
	ADDS $16, R13
	BEQ  store

narrow:
	FMOVS.P 4(R9), F4
	FMOVS.P 4(R10), F5
	FMOVS.P 4(R11), F6
	FMOVS.P 4(R12), F7
	COLUMNS4(0)
	SUBS    $4, R13
	BNE     narrow

store:
	VST1 [V16.S4, V17.S4, V18.S4, V19.S4], (R14)
	ADD  R1, R14
	VST1 [V20.S4, V21.S4, V22.S4, V23.S4], (R14)
	ADD  R1, R14
	VST1 [V24.S4, V25.S4, V26.S4, V27.S4], (R14)
	ADD  R1, R14
	VST1 [V28.S4, V29.S4, V30.S4, V31.S4], (R14)
	NEXT_PANEL
	CBNZ R4, panel
	RET

#define COLUMNS2(i) \
	LOAD4 \
	SDOT4(16, 4, i) \
	SDOT4(20, 5, i)

// func tile2SDOT(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)
TEXT ·tile2SDOT(SB), NOSPLIT, $0-64
	ARGUMENTS

panel:
	CLEAR4(V16, V17, V18, V19)
	CLEAR4(V20, V21, V22, V23)
	PANEL
	SUBS $16, R13
	BLT  rest

wide:
	VLD1.P 16(R9), [V4.B16]
	VLD1.P 16(R10), [V5.B16]
	COLUMNS2(0)
	COLUMNS2(1)
	COLUMNS2(2)
	COLUMNS2(3)
	SUBS   $16, R13
	BGE    wide

rest:
	ADDS $16, R13
	BEQ  store

narrow:
	FMOVS.P 4(R9), F4
	FMOVS.P 4(R10), F5
	COLUMNS2(0)
	SUBS    $4, R13
	BNE     narrow

store:
	VST1 [V16.S4, V17.S4, V18.S4, V19.S4], (R14)
	ADD  R1, R14
	VST1 [V20.S4, V21.S4, V22.S4, V23.S4], (R14)
	NEXT_PANEL
	CBNZ R4, panel
	RET

// Columns take turns between two sets of sums, to hide the latency.
// func tile1SDOT(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)
TEXT ·tile1SDOT(SB), NOSPLIT, $0-64
	ARGUMENTS

panel:
	CLEAR4(V16, V17, V18, V19)
	CLEAR4(V20, V21, V22, V23)
	PANEL
	SUBS $16, R13
	BLT  rest

wide:
	VLD1.P 16(R9), [V4.B16]
	LOAD4
	SDOT4(16, 4, 0)
	LOAD4
	SDOT4(20, 4, 1)
	LOAD4
	SDOT4(16, 4, 2)
	LOAD4
	SDOT4(20, 4, 3)
	SUBS   $16, R13
	BGE    wide

rest:
	ADDS $16, R13
	BEQ  store

narrow:
	FMOVS.P 4(R9), F4
	LOAD4
	SDOT4(16, 4, 0)
	SUBS    $4, R13
	BNE     narrow

store:
	VADD V20.S4, V16.S4, V16.S4
	VADD V21.S4, V17.S4, V17.S4
	VADD V22.S4, V18.S4, V18.S4
	VADD V23.S4, V19.S4, V19.S4
	VST1 [V16.S4, V17.S4, V18.S4, V19.S4], (R14)
	NEXT_PANEL
	CBNZ R4, panel
	RET

// Without SDOT: V0 to V7 hold 8 columns of a panel, V8 and V9 four times 4 columns of the first x,
// V10 and V11 of the second. Two products fit 16 bits, which V12 to V15 hold. From V16 on lie 8
// registers of sums for each x: 2 for each row.
#define MULTIPLY8(d, q, x, y) \
	SMULL(12, q, x) \
	SMULL2(13, q, x) \
	SMULL(14, q+1, x) \
	SMULL2(15, q+1, x) \
	SMLAL(12, q+4, y) \
	SMLAL2(13, q+4, y) \
	SMLAL(14, q+5, y) \
	SMLAL2(15, q+5, y) \
	SADALP(d, 12) \
	SADALP(d+1, 13) \
	SADALP(d+2, 14) \
	SADALP(d+3, 15)

#define MULTIPLY4(d, q, x) \
	SMULL(12, q, x) \
	SMULL2(13, q, x) \
	SMULL(14, q+1, x) \
	SMULL2(15, q+1, x) \
	SADALP(d, 12) \
	SADALP(d+1, 13) \
	SADALP(d+2, 14) \
	SADALP(d+3, 15)

#define LOAD8 \
	LOAD4 \
	VLD1.P 64(R8), [V4.B16, V5.B16, V6.B16, V7.B16]

// func tile2NEON(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)
TEXT ·tile2NEON(SB), NOSPLIT, $0-64
	ARGUMENTS

panel:
	CLEAR16
	PANEL
	SUBS $8, R13
	BLT  rest

wide:
	LOAD8
	VLD1R.P 4(R9), [V8.S4]
	VLD1R.P 4(R9), [V9.S4]
	VLD1R.P 4(R10), [V10.S4]
	VLD1R.P 4(R10), [V11.S4]
	MULTIPLY8(16, 0, 8, 9)
	MULTIPLY8(20, 2, 8, 9)
	MULTIPLY8(24, 0, 10, 11)
	MULTIPLY8(28, 2, 10, 11)
	SUBS    $8, R13
	BGE     wide

rest:
	ADDS    $8, R13
	BEQ     store
	LOAD4
	VLD1R.P 4(R9), [V8.S4]
	VLD1R.P 4(R10), [V10.S4]
	MULTIPLY4(16, 0, 8)
	MULTIPLY4(20, 2, 8)
	MULTIPLY4(24, 0, 10)
	MULTIPLY4(28, 2, 10)

store:
	VADDP V17.S4, V16.S4, V16.S4
	VADDP V19.S4, V18.S4, V17.S4
	VADDP V21.S4, V20.S4, V18.S4
	VADDP V23.S4, V22.S4, V19.S4
	VADDP V25.S4, V24.S4, V24.S4
	VADDP V27.S4, V26.S4, V25.S4
	VADDP V29.S4, V28.S4, V26.S4
	VADDP V31.S4, V30.S4, V27.S4
	VST1  [V16.S4, V17.S4, V18.S4, V19.S4], (R14)
	ADD   R1, R14
	VST1  [V24.S4, V25.S4, V26.S4, V27.S4], (R14)
	NEXT_PANEL
	CBNZ  R4, panel
	RET

// func tile1NEON(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)
TEXT ·tile1NEON(SB), NOSPLIT, $0-64
	ARGUMENTS

panel:
	CLEAR4(V16, V17, V18, V19)
	CLEAR4(V20, V21, V22, V23)
	PANEL
	SUBS $8, R13
	BLT  rest

wide:
	LOAD8
	VLD1R.P 4(R9), [V8.S4]
	VLD1R.P 4(R9), [V9.S4]
	MULTIPLY8(16, 0, 8, 9)
	MULTIPLY8(20, 2, 8, 9)
	SUBS    $8, R13
	BGE     wide

rest:
	ADDS    $8, R13
	BEQ     store
	LOAD4
	VLD1R.P 4(R9), [V8.S4]
	MULTIPLY4(16, 0, 8)
	MULTIPLY4(20, 2, 8)

store:
	VADDP V17.S4, V16.S4, V16.S4
	VADDP V19.S4, V18.S4, V17.S4
	VADDP V21.S4, V20.S4, V18.S4
	VADDP V23.S4, V22.S4, V19.S4
	VST1  [V16.S4, V17.S4, V18.S4, V19.S4], (R14)
	NEXT_PANEL
	CBNZ  R4, panel
	RET
