// Command _asm writes the kernels of matmul for amd64 (go generate in the package above).
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, s := range []isa{avx512VNNI, avxVNNI, avx2} {
		starts(s)
		for _, shape := range s.tiles {
			(&tile{isa: s, shape: shape}).write()
		}
	}
	Generate()
}

// isa is an instruction set. Vector registers are numbered by hand.
type isa struct {
	name   string
	vector [32]reg.VecPhysical
	halves int // vector registers that hold 4 columns of a panel
	tiles  []shape
	dot    func(acc, w, x reg.VecPhysical) // of values of the matrix that are unsigned; nil: see flipColumns
}

// shape is how a tile is computed.
type shape struct {
	vectors int
	steps   []int // panels done at once, most first, and then of what is left
}

var (
	avx512VNNI = isa{
		name: "AVX512VNNI", vector: zmm, halves: 1, dot: vpdpbusd,
		tiles: []shape{
			{vectors: 8, steps: []int{2, 1}},
			{vectors: 4, steps: []int{4, 1}},
			{vectors: 2, steps: []int{4, 1}},
			{vectors: 1, steps: []int{4, 1}},
		},
	}
	avxVNNI = isa{
		name: "AVXVNNI", vector: ymm, halves: 2, dot: vexVPDPBUSD,
		tiles: []shape{
			{vectors: 4, steps: []int{1}},
			{vectors: 2, steps: []int{2, 1}},
			{vectors: 1, steps: []int{4, 1}},
		},
	}
	avx2 = isa{
		name: "AVX2", vector: ymm, halves: 2,
		tiles: []shape{
			{vectors: 1, steps: []int{4, 2, 1}},
		},
	}
)

// tile is the function that multiplies panels with some vectors, while it is written.
type tile struct {
	isa
	shape
	y, yPitch, w, x reg.GPVirtual
	ws, xs          map[int]reg.GPVirtual // odd numbers of pitches
}

// write writes the function.
func (t *tile) write() {
	TEXT(fmt.Sprintf("tile%d%s", t.vectors, t.name), NOSPLIT,
		"func(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int, start *int32)")
	Pragma("noescape")
	t.y, t.yPitch = GP64(), GP64()
	t.w, t.x = GP64(), GP64()
	Load(Param("y"), t.y)
	Load(Param("yPitch"), t.yPitch)
	Load(Param("w"), t.w)
	Load(Param("x"), t.x)
	SHLQ(Imm(2), t.yPitch)
	t.ws, t.xs = multiples("wPitch", t.steps[0]-1), multiples("xPitch", t.vectors-1)
	t.loadOnes()
	panels := argument("panels")
	for i, step := range t.steps {
		name, next := fmt.Sprintf("panels%d", step), "done"
		if i+1 < len(t.steps) {
			next = fmt.Sprintf("panels%d", t.steps[i+1])
		}
		Label(name)
		CMPQ(panels, Imm(uint64(step)))
		JL(LabelRef(next))
		t.part(name, step*t.halves)
		LEAQ(pitches(t.w, t.ws, step), t.w)
		ADDQ(U32(64*step), t.y)
		SUBQ(Imm(uint64(step)), panels)
		JMP(LabelRef(name))
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// part writes the products of so many vector registers of rows.
func (t *tile) part(name string, rows int) {
	n := t.vectors
	acc := func(i, j int) reg.VecPhysical { return t.vector[i*n+j] }
	free := t.vector[rows*n:]
	count, wp, xp := GP64(), GP64(), GP64()
	MOVQ(argument("start"), xp)
	for i := range rows {
		for j := range n {
			switch {
			case i == 0:
				VPBROADCASTD(Mem{Base: xp, Disp: 4 * j}, acc(i, j))
			case t.halves == 1:
				VMOVDQA32(acc(0, j), acc(i, j))
			default:
				VMOVDQA(acc(0, j), acc(i, j))
			}
		}
	}
	MOVQ(argument("k"), count)
	MOVQ(t.w, wp)
	MOVQ(t.x, xp)

	Label(name + "columns")
	var w, x []Mem
	for i := range rows {
		m := pitches(wp, t.ws, i/t.halves)
		m.Disp = i % t.halves * 32
		w = append(w, m)
	}
	for j := range t.vectors {
		x = append(x, pitches(xp, t.xs, j))
	}
	if t.dot == nil {
		t.flipColumns(acc, free, w, x)
	} else {
		t.dotColumns(acc, free, w, x)
	}
	ADDQ(Imm(64), wp)
	ADDQ(Imm(4), xp)
	SUBQ(Imm(4), count)
	JNZ(LabelRef(name + "columns"))

	MOVQ(t.y, xp)
	for j := range t.vectors {
		if j > 0 {
			ADDQ(t.yPitch, xp)
		}
		for i := range rows {
			t.store(acc(i, j), Mem{Base: xp, Disp: i * 64 / t.halves})
		}
	}
}

// dotColumns multiplies 4 columns with an instruction for 4 products.
func (t *tile) dotColumns(acc func(i, j int) reg.VecPhysical, free []reg.VecPhysical, w, x []Mem) {
	v, ws := free[0], free[1:]
	if len(x) == 1 {
		VPBROADCASTD(x[0], v)
		for i, m := range w {
			t.load(m, ws[0])
			t.dot(acc(i, 0), ws[0], v)
		}
		return
	}
	for i, m := range w {
		t.load(m, ws[i])
	}
	for j, m := range x {
		VPBROADCASTD(m, v)
		for i := range w {
			t.dot(acc(i, j), ws[i], v)
		}
	}
}

// flipColumns multiplies 4 columns without such an instruction: magnitudes of x, which are unsigned,
// with w whose bits are flipped where x is negative. That makes -1-w of w, so that a sum begins with
// those magnitudes. Two products fit 16 bits.
func (t *tile) flipColumns(acc func(i, j int) reg.VecPhysical, free []reg.VecPhysical, w, x []Mem) {
	magnitude, sign, v := free[0], free[1], free[2]
	for j, m := range x {
		VPBROADCASTD(m, magnitude)
		split(magnitude, sign)
		for i, m := range w {
			VPXOR(m, sign, v)
			multiplyAdd(acc(i, j), magnitude, v)
		}
	}
}

// split makes x its magnitude, and sign -1 where it was negative, else 0.
func split(x, sign reg.VecPhysical) {
	VPXOR(sign, sign, sign)
	VPCMPGTB(x, sign, sign)
	VPABSB(x, x)
}

// multiplyAdd adds the products of 4 bytes of x, which are unsigned, and of w to each sum, and
// overwrites w.
func multiplyAdd(acc, x, w reg.VecPhysical) {
	VPMADDUBSW(w, x, w)
	VPMADDWD(ones, w, w)
	VPADDD(w, acc, acc)
}

// loadOnes makes ones what it is called, where it is used.
func (s isa) loadOnes() {
	if s.dot == nil {
		VPCMPEQW(ones, ones, ones)
		VPSRLW(Imm(15), ones, ones)
	}
}

// multiples loads a pitch and makes the odd multiples of it up to most.
func multiples(pitch string, most int) map[int]reg.GPVirtual {
	m := map[int]reg.GPVirtual{1: Load(Param(pitch), GP64()).(reg.GPVirtual)}
	for i := 3; i <= most; i += 2 {
		m[i] = GP64()
		LEAQ(Mem{Base: m[i-2], Index: m[1], Scale: 2}, m[i])
	}
	return m
}

// pitches is the memory n pitches after base.
func pitches(base reg.Register, multiples map[int]reg.GPVirtual, n int) Mem {
	if n == 0 {
		return Mem{Base: base}
	}
	scale := uint8(1)
	for ; n%2 == 0; n /= 2 {
		scale *= 2
	}
	return Mem{Base: base, Index: multiples[n], Scale: scale}
}

// starts writes the function that gives the sums' first values: see flipColumns, or what takes the
// bias of the matrix away.
func starts(s isa) {
	TEXT("starts"+s.name, NOSPLIT, "func(start *int32, x *int8, xPitch, n, k int)")
	Pragma("noescape")
	bias, sum, t := s.vector[0], s.vector[1], s.vector[2]
	of, add := "-128 times the sum of each vector", func() { s.dot(sum, bias, t) }
	if s.dot == nil {
		of = "the sum of the magnitudes of what is negative, of each vector"
		add = func() {
			split(t, bias)
			multiplyAdd(sum, t, bias)
		}
	}
	Doc("starts" + s.name + " sets start to " + of + ". n > 0.")
	start, x, xPitch, n := Load(Param("start"), GP64()), Load(Param("x"), GP64()), Load(Param("xPitch"), GP64()), Load(Param("n"), GP64())
	width := uint64(64 / s.halves)
	count, xp := GP64(), GP64()
	if s.dot == nil {
		s.loadOnes()
	} else {
		MOVL(U32(0x80808080), count.As32())
		VMOVD(count.As32(), bias.AsX())
		VPBROADCASTD(bias.AsX(), bias)
	}
	Label("vector")
	VPXOR(sum.AsX(), sum.AsX(), sum.AsX())
	MOVQ(x, xp)
	MOVQ(argument("k"), count)
	SUBQ(Imm(width), count)
	JL(LabelRef("rest"))
	Label("wide")
	s.load(Mem{Base: xp}, t)
	add()
	ADDQ(Imm(width), xp)
	SUBQ(Imm(width), count)
	JGE(LabelRef("wide"))
	Label("rest")
	ADDQ(Imm(width), count)
	JZ(LabelRef("add"))
	Label("narrow")
	VMOVD(Mem{Base: xp}, t.AsX())
	add()
	ADDQ(Imm(4), xp)
	SUBQ(Imm(4), count)
	JNZ(LabelRef("narrow"))
	Label("add")
	if s.halves == 1 {
		VEXTRACTI64X4(Imm(1), sum, t.AsY())
		VPADDD(t.AsY(), sum.AsY(), sum.AsY())
	}
	VEXTRACTI128(Imm(1), sum.AsY(), t.AsX())
	VPADDD(t.AsX(), sum.AsX(), sum.AsX())
	VPSHUFD(Imm(0x4e), sum.AsX(), t.AsX())
	VPADDD(t.AsX(), sum.AsX(), sum.AsX())
	VPSHUFD(Imm(0xb1), sum.AsX(), t.AsX())
	VPADDD(t.AsX(), sum.AsX(), sum.AsX())
	VMOVD(sum.AsX(), count.As32())
	NEGL(count.As32())
	MOVL(count.As32(), Mem{Base: start})
	ADDQ(Imm(4), start)
	ADDQ(xPitch, x)
	DECQ(n)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

func (s isa) load(m Mem, v reg.VecPhysical) {
	if s.halves == 1 {
		VMOVDQU32(m, v)
	} else {
		VMOVDQU(m, v)
	}
}

func (s isa) store(v reg.VecPhysical, m Mem) {
	if s.halves == 1 {
		VMOVDQU32(v, m)
	} else {
		VMOVDQU(v, m)
	}
}

// argument is an argument in memory.
func argument(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// vpdpbusd adds the products of 4 unsigned bytes of w and signed ones of x to each sum.
func vpdpbusd(acc, w, x reg.VecPhysical) {
	Instruction(&ir.Instruction{
		Opcode: "VPDPBUSD", Operands: []Op{x, w, acc}, Inputs: []Op{x, w, acc}, Outputs: []Op{acc},
		ISA: []string{"AVX512VNNI"},
	})
}

// vexVPDPBUSD is vpdpbusd in its form of 256 bits with a VEX prefix, which Go's assembler does not
// know: VEX.256.66.0F38.W0 50 /r.
func vexVPDPBUSD(acc, w, x reg.VecPhysical) {
	d, v, m := byte(acc.PhysicalIndex()), byte(w.PhysicalIndex()), byte(x.PhysicalIndex())
	Comment(fmt.Sprintf("VPDPBUSD Y%d, Y%d, Y%d", m, v, d))
	for i, b := range []byte{
		0xc4, ^(d>>3<<7|m>>3<<5)&^0x1f | 2, ^v&15<<3 | 1<<2 | 1, 0x50, 0xc0 | d&7<<3 | m&7,
	} {
		in := &ir.Instruction{Opcode: "BYTE", Operands: []Op{U8(b)}, ISA: []string{"AVXVNNI"}}
		if i == 0 {
			in.Inputs, in.Outputs = []Op{acc, w, x}, []Op{acc}
		}
		Instruction(in)
	}
}

var zmm = [32]reg.VecPhysical{
	reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
	reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
	reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
}

var ymm = [32]reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
	reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}

// ones is 16 times 1.
var ones = reg.Y15
