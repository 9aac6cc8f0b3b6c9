//go:build !purego

#include "textflag.h"

// SHIFTS loads what brings 32-bit lanes to 16 bits: a shift to the left, one to the right, what is
// added, and a last shift to the right (type shifts).
#define SHIFTS(at, left, right, more, last) \
	VMOVQ 0(at), left; \
	VMOVQ 8(at), right; \
	VPBROADCASTD 16(at), more; \
	VMOVQ 24(at), last

#define NARROW(v, left, right, more, last) \
	VPSLLD left, v, v; \
	VPSRAD right, v, v; \
	VPADDD more, v, v; \
	VPSRAD last, v, v

// MULSHIFT sets v to the low halves of (v*u + half) >> shift, of 64-bit products.
#define MULSHIFT(v, u, half, shift, s, t) \
	VPSRLQ $32, v, s; \
	VPSRLQ $32, u, t; \
	VPMULDQ u, v, v; \
	VPMULDQ t, s, s; \
	VPADDQ half, v, v; \
	VPADDQ half, s, s; \
	VPSRLQ shift, v, v; \
	VPSRLQ shift, s, s; \
	VPSLLQ $32, s, s; \
	VPBLENDD $0xaa, s, v, v

#define MAXIMUM(op, y, x, t) \
	VEXTRACTI128 $1, y, t; \
	op t, x, x; \
	VPSHUFD $0x4e, x, t; \
	op t, x, x; \
	VPSHUFD $0xb1, x, t; \
	op t, x, x

// func rescaleAVX2(y, sums *int32, rows *uint16, n int, r *rescaling) (most uint32)
TEXT ·rescaleAVX2(SB), NOSPLIT, $0-44
	MOVQ y+0(FP), DI
	MOVQ sums+8(FP), SI
	MOVQ rows+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ r+32(FP), BX
	VPBROADCASTD 0(BX), Y15  // m
	VMOVQ 8(BX), X14         // drop
	VMOVQ 16(BX), X13        // shift
	VPBROADCASTD 24(BX), Y12 // limit
	VPXOR Y11, Y11, Y11
	VPSUBD Y12, Y11, Y11     // -limit
	MOVQ 16(BX), AX
	DECQ AX
	MOVQ $1, R8
	SHLXQ AX, R8, R8
	VMOVQ R8, X10
	VPBROADCASTQ X10, Y10    // half
	VPXOR Y9, Y9, Y9         // greatest magnitude

loop:
	VPMOVZXWD (DX), Y1
	VMOVDQU (SI), Y0
	VPMULLD Y15, Y1, Y1
	VPMINSD Y12, Y0, Y0
	VPMAXSD Y11, Y0, Y0
	VPSRLD X14, Y1, Y1
	MULSHIFT(Y0, Y1, Y10, X13, Y2, Y3)
	VPABSD Y0, Y3
	VMOVDQU Y0, (DI)
	VPMAXUD Y3, Y9, Y9
	ADDQ $32, SI
	ADDQ $16, DX
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ loop

	MAXIMUM(VPMAXUD, Y9, X9, X1)
	VMOVD X9, AX
	MOVL AX, most+40(FP)
	VZEROUPPER
	RET

// func accumulateAVX2(x, y *int32, n int)
TEXT ·accumulateAVX2(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), DI
	MOVQ y+8(FP), SI
	MOVQ n+16(FP), CX
	MOVL $0x3fffffff, AX     // residualMax
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	VPXOR Y14, Y14, Y14
	VPSUBD Y15, Y14, Y14

loop:
	VMOVDQU (DI), Y0
	VPADDD (SI), Y0, Y0
	VPMINSD Y15, Y0, Y0
	VPMAXSD Y14, Y0, Y0
	VMOVDQU Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ loop
	VZEROUPPER
	RET

// func maxAbsAVX2(x *int32, n int) (most uint32)
TEXT ·maxAbsAVX2(SB), NOSPLIT, $0-20
	MOVQ x+0(FP), SI
	MOVQ n+8(FP), CX
	VPXOR Y9, Y9, Y9

loop:
	VPABSD (SI), Y0
	VPMAXUD Y0, Y9, Y9
	ADDQ $32, SI
	SUBQ $8, CX
	JNZ loop
	MAXIMUM(VPMAXUD, Y9, X9, X1)
	VMOVD X9, AX
	MOVL AX, most+16(FP)
	VZEROUPPER
	RET

DATA order<>+0(SB)/4, $0
DATA order<>+4(SB)/4, $4
DATA order<>+8(SB)/4, $1
DATA order<>+12(SB)/4, $5
DATA order<>+16(SB)/4, $2
DATA order<>+20(SB)/4, $6
DATA order<>+24(SB)/4, $3
DATA order<>+28(SB)/4, $7
GLOBL order<>(SB), RODATA|NOPTR, $32

// func stepAVX2(q *int8, x *int32, n int, by *shifts, factor int32)
TEXT ·stepAVX2(SB), NOSPLIT, $0-36
	MOVQ q+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ by+24(FP), BX
	SHIFTS(BX, X15, X14, Y13, X12)
	MOVL factor+32(FP), AX
	VMOVD AX, X11
	VPBROADCASTW X11, Y11
	VMOVDQU order<>(SB), Y10

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU 64(SI), Y2
	VMOVDQU 96(SI), Y3
	NARROW(Y0, X15, X14, Y13, X12)
	NARROW(Y1, X15, X14, Y13, X12)
	NARROW(Y2, X15, X14, Y13, X12)
	NARROW(Y3, X15, X14, Y13, X12)
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPMULHRSW Y11, Y0, Y0
	VPMULHRSW Y11, Y2, Y2
	VPACKSSWB Y2, Y0, Y0
	VPERMD Y0, Y10, Y0
	VMOVDQU Y0, (DI)
	ADDQ $128, SI
	ADDQ $32, DI
	SUBQ $32, CX
	JNZ loop
	VZEROUPPER
	RET

// func normalizeAVX2(y, x *int32, weight *int16, n int) (squares uint64, most uint32)
TEXT ·normalizeAVX2(SB), NOSPLIT, $0-44
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ weight+16(FP), DX
	MOVQ n+24(FP), CX
	MOVL $0x2000, AX         // half of 2^normBits
	VMOVQ AX, X10
	VPBROADCASTQ X10, Y10
	VPXOR Y9, Y9, Y9         // greatest magnitude
	VPXOR Y8, Y8, Y8         // squares
	MOVL $14, AX             // normBits
	VMOVQ AX, X13

loop:
	VMOVDQU (SI), Y0
	VPMOVSXWD (DX), Y1
	VPMULDQ Y0, Y0, Y4
	VPSRLQ $32, Y0, Y5
	VPSRLQ $8, Y4, Y4        // squareDrop
	VPMULDQ Y5, Y5, Y5
	VPADDQ Y4, Y8, Y8
	VPSRLQ $8, Y5, Y5
	VPADDQ Y5, Y8, Y8
	MULSHIFT(Y0, Y1, Y10, X13, Y2, Y3)
	VPABSD Y0, Y3
	VMOVDQU Y0, (DI)
	VPMAXUD Y3, Y9, Y9
	ADDQ $32, SI
	ADDQ $16, DX
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ loop

	VEXTRACTI128 $1, Y8, X1
	VPADDQ X1, X8, X8
	VPSHUFD $0x4e, X8, X1
	VPADDQ X1, X8, X8
	VMOVQ X8, AX
	MOVQ AX, squares+32(FP)
	MAXIMUM(VPMAXUD, Y9, X9, X1)
	VMOVD X9, AX
	MOVL AX, most+40(FP)
	VZEROUPPER
	RET

// func gateAVX2(y, gates, u *int32, n int, sigmoid *uint16, gs, us *shifts) (most uint32)
TEXT ·gateAVX2(SB), NOSPLIT, $0-60
	MOVQ y+0(FP), DI
	MOVQ gates+8(FP), SI
	MOVQ u+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ sigmoid+32(FP), BX
	MOVQ gs+40(FP), AX
	SHIFTS(AX, X15, X14, Y13, X12)
	MOVQ us+48(FP), AX
	SHIFTS(AX, X11, X10, Y9, X8)
	VPXOR Y7, Y7, Y7         // greatest magnitude
	MOVL $4095, AX           // sigmoidSize-1
	VMOVD AX, X6
	VPBROADCASTD X6, Y6

loop:
	VMOVDQU (SI), Y0
	VPABSD Y0, Y1
	VPSRLD $8, Y1, Y1        // fraction-sigmoidFraction
	VPMINUD Y6, Y1, Y1
	VPCMPEQD Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPGATHERDD Y2, (BX)(Y1*2), Y3
	VPSLLD $16, Y3, Y3
	VPSRLD $16, Y3, Y3       // sigmoid of the magnitude
	VPSRAD $31, Y0, Y4       // where g is negative
	VPXOR Y4, Y3, Y3
	VPSUBD Y4, Y3, Y3
	VPSRLD $31, Y4, Y4
	VPSLLD $15, Y4, Y4
	VPADDD Y4, Y3, Y3        // 2^15 less it there
	NARROW(Y0, X15, X14, Y13, X12)
	VPMADDWD Y3, Y0, Y0
	VPCMPEQD Y5, Y5, Y5
	VPSRLD $31, Y5, Y5
	VPSLLD $14, Y5, Y5
	VPADDD Y5, Y0, Y0
	VPSRAD $15, Y0, Y0
	VPSLLD $16, Y0, Y0
	VPSRLD $16, Y0, Y0       // its lower half alone
	VMOVDQU (DX), Y1
	NARROW(Y1, X11, X10, Y9, X8)
	VPMADDWD Y1, Y0, Y0
	VPABSD Y0, Y1
	VMOVDQU Y0, (DI)
	VPMAXUD Y1, Y7, Y7
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ loop

	MAXIMUM(VPMAXUD, Y7, X7, X1)
	VMOVD X7, AX
	MOVL AX, most+56(FP)
	VZEROUPPER
	RET

// func rotateAVX2(y, x *int32, turn *int16, n int, by *shifts)
TEXT ·rotateAVX2(SB), NOSPLIT, $0-40
	MOVQ y+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ turn+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ by+32(FP), BX
	SHIFTS(BX, X15, X14, Y13, X12)
	VPCMPEQD Y11, Y11, Y11
	VPSLLD $16, Y11, Y11     // -1 for the sines
	VPCMPEQD Y10, Y10, Y10
	VPSRLD $31, Y10, Y10
	VPOR Y10, Y11, Y11       // and 1 for the cosines

loop:
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	NARROW(Y0, X15, X14, Y13, X12)
	NARROW(Y1, X15, X14, Y13, X12)
	VPACKSSDW Y1, Y0, Y0
	VPERMQ $0xd8, Y0, Y0     // pairs
	VMOVDQU (DX), Y1
	VPSIGNW Y11, Y1, Y2
	VPSLLD $16, Y1, Y3
	VPSRLD $16, Y1, Y1
	VPOR Y3, Y1, Y1
	VPMADDWD Y2, Y0, Y2      // a*c - b*s
	VPMADDWD Y1, Y0, Y3      // a*s + b*c
	VPUNPCKLDQ Y3, Y2, Y0
	VPUNPCKHDQ Y3, Y2, Y1
	VPERM2I128 $0x20, Y1, Y0, Y2
	VPERM2I128 $0x31, Y1, Y0, Y3
	VMOVDQU Y2, (DI)
	VMOVDQU Y3, 32(DI)
	ADDQ $64, SI
	ADDQ $32, DX
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ loop
	VZEROUPPER
	RET

// func scoreStepsAVX2(scores, steps *int32, n int, by *shifts, m int32, shift int) (top int32)
TEXT ·scoreStepsAVX2(SB), NOSPLIT, $0-52
	MOVQ scores+0(FP), DI
	MOVQ steps+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ by+24(FP), BX
	VMOVQ 0(BX), X15
	VMOVQ 8(BX), X14
	MOVL m+32(FP), AX
	VMOVD AX, X13
	VPBROADCASTD X13, Y13
	MOVQ shift+40(FP), AX
	VMOVQ AX, X12
	MOVL $0x4000, AX
	VMOVD AX, X11
	VPBROADCASTD X11, Y11
	MOVL $16, AX             // half of 2^scoreDrop
	VMOVD AX, X10
	VPBROADCASTD X10, Y10
	MOVL $0x80000000, AX
	VMOVD AX, X9
	VPBROADCASTD X9, Y9

loop:
	VMOVDQU (SI), Y0
	VPSLLD X15, Y0, Y0
	VPSRAD X14, Y0, Y0
	VPMADDWD Y13, Y0, Y0
	VPADDD Y11, Y0, Y0
	VPSRLD $15, Y0, Y0
	VPADDD (DI), Y10, Y1
	VPSRAD $5, Y1, Y1        // scoreDrop
	VPMADDWD Y0, Y1, Y1
	VPSRAD X12, Y1, Y1
	VMOVDQU Y1, (DI)
	VPMAXSD Y1, Y9, Y9
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ loop

	MAXIMUM(VPMAXSD, Y9, X9, X1)
	VMOVD X9, AX
	MOVL AX, top+48(FP)
	VZEROUPPER
	RET

// powers has the lower bytes of 2^(15-k) for k of 0 to 15, and then the upper bytes.
DATA powers<>+0(SB)/8, $0
DATA powers<>+8(SB)/8, $0x0102040810204080
DATA powers<>+16(SB)/8, $0x0102040810204080
DATA powers<>+24(SB)/8, $0
GLOBL powers<>(SB), RODATA|NOPTR, $32

// func weighAVX2(hi, lo *int8, scores, steps *int32, n int, top int32, by *shifts) (total int32)
TEXT ·weighAVX2(SB), NOSPLIT, $0-60
	MOVQ hi+0(FP), DI
	MOVQ lo+8(FP), R8
	MOVQ scores+16(FP), SI
	MOVQ steps+24(FP), DX
	MOVQ n+32(FP), CX
	MOVL top+40(FP), AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVQ by+48(FP), BX
	VMOVQ 0(BX), X14
	VMOVQ 8(BX), X13
	VBROADCASTI128 powers<>+0(SB), Y12
	VBROADCASTI128 powers<>+16(SB), Y11
	MOVL $32767, AX          // exponentLast
	VMOVD AX, X10
	VPBROADCASTD X10, Y10
	MOVL $0xfaf6faf6, AX     // -1290
	VMOVD AX, X9
	VPBROADCASTD X9, Y9
	MOVL $0x1d881d88, AX     // 7560
	VMOVD AX, X8
	VPBROADCASTD X8, Y8
	MOVL $0xa782a782, AX     // -22654
	VMOVD AX, X7
	VPBROADCASTD X7, Y7
	MOVL $0x7fff7fff, AX     // 32767
	VMOVD AX, X6
	VPBROADCASTD X6, Y6
	VPXOR Y5, Y5, Y5         // totals

loop:
	VPSUBD (SI), Y15, Y0
	VPSUBD 32(SI), Y15, Y1
	VPMINUD Y10, Y0, Y0
	VPMINUD Y10, Y1, Y1
	VPACKSSDW Y1, Y0, Y0     // t; words 0-3, 8-11, 4-7, 12-15
	VPSRLW $11, Y0, Y1       // exponentFraction
	VPSLLW $5, Y0, Y0
	VPSRLW $1, Y0, Y0        // f
	VPMULHRSW Y9, Y0, Y2
	VPADDW Y8, Y2, Y2
	VPMULHRSW Y2, Y0, Y2
	VPADDW Y7, Y2, Y2
	VPMULHRSW Y2, Y0, Y2
	VPADDW Y6, Y2, Y2
	VPSLLW $8, Y1, Y3
	VPOR Y3, Y1, Y1
	VPSHUFB Y1, Y12, Y3
	VPSHUFB Y1, Y11, Y4
	VPSLLW $8, Y3, Y3
	VPSRLW $8, Y3, Y3
	VPSRLW $8, Y4, Y4
	VPSLLW $8, Y4, Y4
	VPOR Y4, Y3, Y3
	VPMULHUW Y3, Y2, Y2      // e
	VPCMPEQW Y3, Y3, Y3
	VPSRLW $15, Y3, Y3       // ones
	VPMADDWD Y3, Y2, Y3
	VPADDD Y3, Y5, Y5
	VMOVDQU (DX), Y0
	VMOVDQU 32(DX), Y1
	VPSLLD X14, Y0, Y0
	VPSLLD X14, Y1, Y1
	VPSRAD X13, Y0, Y0
	VPSRAD X13, Y1, Y1
	VPACKSSDW Y1, Y0, Y0
	VPMULHRSW Y0, Y2, Y2     // w
	VPERMQ $0xd8, Y2, Y2
	VPSRLW $7, Y2, Y0
	VPSLLW $9, Y2, Y2
	VPSRLW $9, Y2, Y2
	VEXTRACTI128 $1, Y0, X1
	VPACKSSWB X1, X0, X0
	VMOVDQU X0, (DI)
	VEXTRACTI128 $1, Y2, X1
	VPACKSSWB X1, X2, X2
	VMOVDQU X2, (R8)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $16, DI
	ADDQ $16, R8
	SUBQ $16, CX
	JNZ loop

	VEXTRACTI128 $1, Y5, X1
	VPADDD X1, X5, X5
	VPSHUFD $0x4e, X5, X1
	VPADDD X1, X5, X5
	VPSHUFD $0xb1, X5, X1
	VPADDD X1, X5, X5
	VMOVD X5, AX
	MOVL AX, total+56(FP)
	VZEROUPPER
	RET

// func combineAVX2(y, hi, lo *int32, n int, m uint32, shift int)
TEXT ·combineAVX2(SB), NOSPLIT, $0-48
	MOVQ y+0(FP), DI
	MOVQ hi+8(FP), SI
	MOVQ lo+16(FP), DX
	MOVQ n+24(FP), CX
	MOVL m+32(FP), AX
	VMOVD AX, X15
	VPBROADCASTD X15, Y15
	MOVQ shift+40(FP), AX
	VMOVQ AX, X14
	DECQ AX
	MOVQ $1, R8
	SHLXQ AX, R8, R8
	VMOVQ R8, X10
	VPBROADCASTQ X10, Y10

loop:
	VMOVDQU (SI), Y0
	VPSLLD $7, Y0, Y0
	VPADDD (DX), Y0, Y0
	MULSHIFT(Y0, Y15, Y10, X14, Y2, Y3)
	VMOVDQU Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ loop
	VZEROUPPER
	RET
