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
		if s.biased {
			starts(s)
		}
		for _, n := range []int{8, 4, 2, 1} {
			if len(s.steps[n]) > 0 {
				tile(s, n)
			}
		}
	}
	Generate()
}

// isa is an instruction set. Vector registers are numbered by hand.
type isa struct {
	name   string
	vector [32]reg.VecPhysical
	halves int           // vector registers that hold 4 columns of a panel
	steps  map[int][]int // by the vectors of a tile, the panels done at once
	biased bool          // values of the matrix are unsigned
	dot    func(acc, w, x reg.VecPhysical)

	// columns writes the products of 4 columns of some panels with n vectors.
	columns func(s isa, acc func(i, j int) reg.VecPhysical, free []reg.VecPhysical, w, x []Mem)
}

var avx512VNNI = isa{
	name: "AVX512VNNI", vector: zmm, halves: 1, biased: true, dot: vpdpbusd, columns: dotColumns,
	steps: map[int][]int{8: {2, 1}, 4: {4, 1}, 2: {4, 1}, 1: {4, 1}},
}

// An Intel processor of 12th generation and later has it; 10 sums would hide the latency.
var avxVNNI = isa{
	name: "AVXVNNI", vector: ymm, halves: 2, biased: true, dot: vexVPDPBUSD, columns: dotColumns,
	steps: map[int][]int{4: {1}, 2: {2, 1}, 1: {4, 1}},
}

var avx2 = isa{
	name: "AVX2", vector: ymm, halves: 2, columns: signColumns,
	steps: map[int][]int{4: {1}, 2: {2, 1}, 1: {2, 1}},
}

// dotColumns multiplies with an instruction for 4 products.
func dotColumns(s isa, acc func(i, j int) reg.VecPhysical, free []reg.VecPhysical, w, x []Mem) {
	t, ws := free[0], free[1:]
	if len(x) == 1 {
		VPBROADCASTD(x[0], t)
		for i, m := range w {
			s.load(m, ws[0])
			s.dot(acc(i, 0), ws[0], t)
		}
		return
	}
	for i, m := range w {
		s.load(m, ws[i])
	}
	for j, m := range x {
		VPBROADCASTD(m, t)
		for i := range w {
			s.dot(acc(i, j), ws[i], t)
		}
	}
}

// signColumns multiplies magnitudes of w, which are unsigned, with x that has taken their signs. Two
// products fit 16 bits.
func signColumns(s isa, acc func(i, j int) reg.VecPhysical, free []reg.VecPhysical, w, x []Mem) {
	wide, magnitude, t, xs := free[0], free[1], free[2], free[3:]
	for j, m := range x {
		VPBROADCASTD(m, xs[j])
	}
	for i, m := range w {
		s.load(m, wide)
		VPABSB(wide, magnitude)
		for j := range x {
			VPSIGNB(wide, xs[j], t)
			VPMADDUBSW(t, magnitude, t)
			VPMADDWD(ones, t, t)
			VPADDD(t, acc(i, j), acc(i, j))
		}
	}
}

// tile writes the function that multiplies panels with n vectors.
func tile(s isa, n int) {
	signature := "func(y *int32, yPitch int, w *byte, wPitch, panels int, x *int8, xPitch, k int)"
	if s.biased {
		signature = signature[:len(signature)-1] + ", start *int32)"
	}
	TEXT(fmt.Sprintf("tile%d%s", n, s.name), NOSPLIT, signature)
	Pragma("noescape")
	y, yPitch := Load(Param("y"), GP64()), Load(Param("yPitch"), GP64())
	w, wPitch := Load(Param("w"), GP64()), Load(Param("wPitch"), GP64())
	x, xPitch := Load(Param("x"), GP64()), Load(Param("xPitch"), GP64())
	panels := argument("panels")
	SHLQ(Imm(2), yPitch)
	if s.name == "AVX2" {
		VPCMPEQW(ones, ones, ones)
		VPSRLW(Imm(15), ones, ones)
	}

	// multiple is an index register with an odd number of pitches.
	multiples := func(pitch reg.Register, most int) map[int]reg.Register {
		m := map[int]reg.Register{1: pitch}
		for i := 3; i <= most; i += 2 {
			r := GP64()
			LEAQ(Mem{Base: m[i-2].(reg.GPVirtual), Index: pitch, Scale: 2}, r)
			m[i] = r
		}
		return m
	}
	at := func(base reg.Register, pitches map[int]reg.Register, i int) Mem {
		if i == 0 {
			return Mem{Base: base}
		}
		scale := uint8(1)
		for i%2 == 0 {
			i, scale = i/2, scale*2
		}
		return Mem{Base: base, Index: pitches[i], Scale: scale}
	}
	xs, ws := multiples(xPitch, n-1), multiples(wPitch, s.steps[n][0]-1)

	for i, step := range s.steps[n] {
		here, next := fmt.Sprintf("panels%d", step), "done"
		if i+1 < len(s.steps[n]) {
			next = fmt.Sprintf("panels%d", s.steps[n][i+1])
		}
		Label(here)
		CMPQ(panels, Imm(uint64(step)))
		JL(LabelRef(next))

		count, wp, xp := GP64(), GP64(), GP64()
		rows := step * s.halves
		acc := func(i, j int) reg.VecPhysical { return s.vector[i*n+j] }
		if s.biased {
			MOVQ(argument("start"), xp)
		}
		for i := range rows {
			for j := range n {
				switch {
				case !s.biased:
					VPXOR(acc(i, j), acc(i, j), acc(i, j))
				case i == 0:
					VPBROADCASTD(Mem{Base: xp, Disp: 4 * j}, acc(i, j))
				case s.halves == 1:
					VMOVDQA32(acc(0, j), acc(i, j))
				default:
					VMOVDQA(acc(0, j), acc(i, j))
				}
			}
		}
		MOVQ(argument("k"), count)
		MOVQ(w, wp)
		MOVQ(x, xp)

		Label(here + "columns")
		var wm, xm []Mem
		for i := range rows {
			m := at(wp, ws, i/s.halves)
			m.Disp = i % s.halves * 32
			wm = append(wm, m)
		}
		for j := range n {
			xm = append(xm, at(xp, xs, j))
		}
		s.columns(s, acc, s.vector[rows*n:], wm, xm)
		ADDQ(Imm(64), wp)
		ADDQ(Imm(4), xp)
		SUBQ(Imm(4), count)
		JNZ(LabelRef(here + "columns"))

		MOVQ(y, xp)
		for j := range n {
			for i := range rows {
				s.store(acc(i, j), Mem{Base: xp, Disp: i * 64 / s.halves})
			}
			if j < n-1 {
				ADDQ(yPitch, xp)
			}
		}
		LEAQ(at(w, ws, step), w)
		ADDQ(U32(64*step), y)
		SUBQ(Imm(uint64(step)), panels)
		JMP(LabelRef(here))
	}
	Label("done")
	VZEROUPPER()
	RET()
}

// starts writes the function that gives the sums' first values, which take the bias away.
func starts(s isa) {
	TEXT("starts"+s.name, NOSPLIT, "func(start *int32, x *int8, xPitch, n, k int)")
	Pragma("noescape")
	Doc("starts" + s.name + " sets start to -128 times the sum of each vector. n > 0.")
	start, x, xPitch, n := Load(Param("start"), GP64()), Load(Param("x"), GP64()), Load(Param("xPitch"), GP64()), Load(Param("n"), GP64())
	bias, sum, t := s.vector[0], s.vector[1], s.vector[2]
	width := uint64(64 / s.halves)
	count, xp := GP64(), GP64()
	MOVL(U32(0x80808080), count.As32())
	VMOVD(count.As32(), bias.AsX())
	VPBROADCASTD(bias.AsX(), bias)
	Label("vector")
	VPXOR(sum.AsX(), sum.AsX(), sum.AsX())
	MOVQ(x, xp)
	MOVQ(argument("k"), count)
	SUBQ(Imm(width), count)
	JL(LabelRef("rest"))
	Label("wide")
	s.load(Mem{Base: xp}, t)
	s.dot(sum, bias, t)
	ADDQ(Imm(width), xp)
	SUBQ(Imm(width), count)
	JGE(LabelRef("wide"))
	Label("rest")
	ADDQ(Imm(width), count)
	JZ(LabelRef("add"))
	Label("narrow")
	VMOVD(Mem{Base: xp}, t.AsX())
	s.dot(sum, bias, t)
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
