// Command vector writes the passes over vectors for amd64 (go generate in the package exact).
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	for _, s := range []isa{{name: "AVX2", lanes: 8}, {name: "AVX512", lanes: 16}} {
		s.makeOrder()
		s.maxAbs()
		s.step()
		s.normalize()
		s.rescale("rescale")
		s.rescale("accumulate")
		s.gate()
		s.rotate()
		s.scoreSteps()
		s.weigh()
		s.combine()
	}
	Generate()
}

// isa is an instruction set: AVX2, or AVX-512 with F, BW, DQ and VL.
type isa struct {
	name  string
	lanes int // numbers of 32 bits in a register
	order Mem // undoes what packing twice does to the order of 4 registers
}

func (s isa) wide() bool { return s.lanes == 16 }

func (s isa) text(name, signature, doc string) {
	TEXT(name+s.name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + s.name + " " + doc)
}

func (s isa) vector() reg.VecVirtual {
	if s.wide() {
		return ZMM()
	}
	return YMM()
}

// half is a register for as many numbers of 16 bits as a vector has of 32.
func (s isa) half() reg.VecVirtual {
	if s.wide() {
		return YMM()
	}
	return XMM()
}

func (s isa) load(m Mem) reg.VecVirtual {
	v := s.vector()
	if s.wide() {
		VMOVDQU32(m, v)
	} else {
		VMOVDQU(m, v)
	}
	return v
}

func (s isa) store(v reg.VecVirtual, m Mem) {
	if s.wide() {
		VMOVDQU32(v, m)
	} else {
		VMOVDQU(v, m)
	}
}

func (s isa) zero() reg.VecVirtual {
	v := s.vector()
	VPXOR(v.AsX(), v.AsX(), v.AsX())
	return v
}

// every is a vector of equal numbers of 32 bits.
func (s isa) every(x uint32) reg.VecVirtual {
	g, v := GP32(), s.vector()
	MOVL(U32(x), g)
	VMOVD(g, v.AsX())
	VPBROADCASTD(v.AsX(), v)
	return v
}

// everyOf is a vector of an argument of 32 bits.
func (s isa) everyOf(name string) reg.VecVirtual {
	v := s.vector()
	VPBROADCASTD(argument(name), v)
	return v
}

// count is an argument of 64 bits as the count of a shift.
func count(name string) reg.VecVirtual {
	v := XMM()
	VMOVQ(argument(name), v)
	return v
}

// argument is an argument in memory.
func argument(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

func pointer(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// loop runs body for each step numbers of n; i is the first one's index. n is at least step.
func loop(step int, body func(i reg.GPVirtual)) {
	i := GP64()
	XORQ(i, i)
	Label("loop")
	body(i)
	ADDQ(Imm(uint64(step)), i)
	CMPQ(i, argument("n"))
	JL(LabelRef("loop"))
}

func at(base, i reg.GPVirtual, size int) Mem { return Mem{Base: base, Index: i, Scale: uint8(size)} }

func plus(m Mem, bytes int) Mem {
	m.Disp += bytes
	return m
}

// fold is one vector of 4 numbers, where op joins two.
func (s isa) fold(v reg.VecVirtual, op func(a, b, y reg.VecVirtual)) (x reg.VecVirtual) {
	if s.wide() {
		h := YMM()
		VEXTRACTI64X4(Imm(1), v, h)
		y := YMM()
		op(h, v.AsY().(reg.VecVirtual), y)
		v = y
	}
	h, x := XMM(), XMM()
	VEXTRACTI128(Imm(1), v.AsY(), h)
	op(h, v.AsX().(reg.VecVirtual), x)
	return x
}

// result folds a vector to one number of 32 bits and returns it.
func (s isa) result(v reg.VecVirtual, name string, op func(a, b, y reg.VecVirtual)) {
	x, t := s.fold(v, op), XMM()
	for _, order := range []uint64{0x4e, 0xb1} {
		VPSHUFD(Imm(order), x, t)
		op(t, x, x)
	}
	g := GP32()
	VMOVD(x, g)
	Store(g, Return(name))
}

func done() {
	VZEROUPPER()
	RET()
}

func maxSigned(a, b, y reg.VecVirtual) { VPMAXSD(a, b, y) }
func add(a, b, y reg.VecVirtual)       { VPADDD(a, b, y) }

// most keeps the greatest magnitude.
func (s isa) most(v, most reg.VecVirtual) {
	t := s.vector()
	VPABSD(v, t)
	VPMAXSD(t, most, most)
}

// narrowing is narrow of vector.go: a shift to the left by left, or one to the right by right+1
// with left = 0, rounded. A shift to the left by n is one by n+1, and right = 0.
type narrowing struct{ left, right, one reg.VecVirtual }

func (s isa) narrowing(prefix string) narrowing {
	shift, left, right, zero := Load(Param(prefix), GP64()), GP64(), GP64(), GP64()
	XORQ(zero, zero)
	MOVQ(U32(1), left)
	SUBQ(shift, left)
	CMOVQLT(zero, left)
	MOVQ(shift, right)
	SUBQ(Imm(1), right)
	CMOVQLT(zero, right)
	n := narrowing{XMM(), XMM(), s.every(1)}
	VMOVQ(left, n.left)
	VMOVQ(right, n.right)
	return n
}

func (n narrowing) apply(v reg.VecVirtual) {
	VPSLLD(n.left, v, v)
	VPSRAD(n.right, v, v)
	VPADDD(n.one, v, v)
	VPSRAD(Imm(1), v, v)
}

// stepShift is shiftStep of vector.go.
type stepShift struct{ left, right reg.VecVirtual }

func newStepShift(name string) stepShift {
	shift, left, right, zero := Load(Param(name), GP64()), GP64(), GP64(), GP64()
	XORQ(zero, zero)
	MOVQ(shift, left)
	NEGQ(left)
	CMOVQLT(zero, left)
	MOVQ(shift, right)
	TESTQ(right, right)
	CMOVQLT(zero, right)
	n := stepShift{XMM(), XMM()}
	VMOVQ(left, n.left)
	VMOVQ(right, n.right)
	return n
}

func (n stepShift) apply(v reg.VecVirtual) {
	VPSLLD(n.left, v, v)
	VPSRAD(n.right, v, v)
}

// halves is what rounds and shifts products of 64 bits to 32 bits: those of numbers with an even
// index and those of the ones behind them.
type halves struct {
	isa
	round, right, left reg.VecVirtual
	odd                reg.Register
}

// halves takes the shift from an argument: 1 to 32.
func (s isa) halves(shift string) halves {
	h := halves{isa: s, round: s.vector(), right: count(shift), left: XMM()}
	g, one := GP64(), GP64()
	MOVQ(U32(32), g)
	SUBQ(argument(shift), g)
	VMOVQ(g, h.left)
	MOVQ(argument(shift), reg.RCX)
	DECQ(reg.RCX)
	MOVQ(U32(1), one)
	SHLQ(reg.CL, one)
	VMOVQ(one, h.round.AsX())
	VPBROADCASTQ(h.round.AsX(), h.round)
	if s.wide() {
		h.odd = s.odd()
	}
	return h
}

// odd is a mask of the numbers with an odd index.
func (s isa) odd() reg.Register {
	g, k := GP32(), K()
	MOVL(U32(0xaaaa), g)
	KMOVW(g, k)
	return k
}

// join sets even to the numbers.
func (h halves) join(even, odd reg.VecVirtual) {
	VPADDQ(h.round, even, even)
	VPADDQ(h.round, odd, odd)
	VPSRLQ(h.right, even, even)
	VPSLLQ(h.left, odd, odd)
	if h.wide() {
		VMOVDQA32(odd, h.odd, even)
	} else {
		VPBLENDD(Imm(0xaa), odd, even, even)
	}
}

// behind moves the numbers with an odd index to the even places.
func (s isa) behind(v reg.VecVirtual) reg.VecVirtual {
	t := s.vector()
	VPSRLQ(Imm(32), v, t)
	return t
}

func (s isa) maxAbs() {
	s.text("maxAbs", "func(x *int32, n int) (most uint32)", "is maxAbs; n is a multiple of the numbers in a register.")
	x := pointer("x")
	most := s.zero()
	loop(s.lanes, func(i reg.GPVirtual) {
		v := s.vector()
		VPABSD(at(x, i, 4), v)
		VPMAXSD(v, most, most)
	})
	s.result(most, "most", maxSigned)
	done()
}

func (s isa) step() {
	s.text("step", "func(q *int8, x *int32, n, shift int, factor int)", "is step; n is a multiple of 4 times the numbers in a register.")
	q, x := pointer("q"), pointer("x")
	narrow := s.narrowing("shift")
	factor := s.vector()
	VPBROADCASTW(count("factor"), factor)
	order := s.load(s.order)
	loop(4*s.lanes, func(i reg.GPVirtual) {
		var v [4]reg.VecVirtual
		for j := range v {
			v[j] = s.load(plus(at(x, i, 4), 4*s.lanes*j))
			narrow.apply(v[j])
		}
		VPACKSSDW(v[1], v[0], v[0])
		VPACKSSDW(v[3], v[2], v[2])
		VPMULHRSW(factor, v[0], v[0])
		VPMULHRSW(factor, v[2], v[2])
		VPACKSSWB(v[2], v[0], v[0])
		VPERMD(v[0], order, v[0])
		s.store(v[0], at(q, i, 1))
	})
	done()
}

func (s *isa) makeOrder() {
	parts := s.lanes / 4
	s.order = GLOBL("order"+s.name, RODATA|NOPTR)
	for i := range s.lanes {
		DATA(4*i, U32(uint32(i%parts*4+i/parts)))
	}
}

func (s isa) normalize() {
	s.text("normalize", "func(y, x *int32, weight *int16, n int) (squares uint64, most uint32)", "is normalize.")
	y, x, weight := pointer("y"), pointer("x"), pointer("weight")
	const bits, drop = 14, 8 // normBits, squareDrop
	round, one := s.vector(), GP64()
	MOVQ(U32(1<<(bits-1)), one)
	VMOVQ(one, round.AsX())
	VPBROADCASTQ(round.AsX(), round)
	var k reg.Register
	if s.wide() {
		k = s.odd()
	}
	squares, most := s.zero(), s.zero()
	loop(s.lanes, func(i reg.GPVirtual) {
		v, w := s.load(at(x, i, 4)), s.vector()
		VPMOVSXWD(at(weight, i, 2), w)
		behind := s.behind(v)
		t := s.vector()
		VPMULDQ(v, v, t)
		VPSRLQ(Imm(drop), t, t)
		VPADDQ(t, squares, squares)
		VPMULDQ(w, v, v)
		VPSRLQ(Imm(32), w, w)
		VPMULDQ(behind, behind, t)
		VPSRLQ(Imm(drop), t, t)
		VPADDQ(t, squares, squares)
		VPMULDQ(w, behind, behind)
		VPADDQ(round, v, v)
		VPADDQ(round, behind, behind)
		VPSRLQ(Imm(bits), v, v)
		VPSLLQ(Imm(32-bits), behind, behind)
		if s.wide() {
			VMOVDQA32(behind, k, v)
		} else {
			VPBLENDD(Imm(0xaa), behind, v, v)
		}
		s.store(v, at(y, i, 4))
		s.most(v, most)
	})
	sum := s.fold(squares, func(a, b, y reg.VecVirtual) { VPADDQ(a, b, y) })
	t, g := XMM(), GP64()
	VPSHUFD(Imm(0x4e), sum, t)
	VPADDQ(t, sum, sum)
	VMOVQ(sum, g)
	Store(g, Return("squares"))
	s.result(most, "most", maxSigned)
	done()
}

func (s isa) rescale(name string) {
	var y, x reg.GPVirtual
	var most, bound, unbound reg.VecVirtual
	adds := name == "accumulate"
	if adds {
		s.text(name, "func(x, sums *int32, rows *uint16, n, m, drop, shift int, limit int)", "is accumulate.")
		x = pointer("x")
		bound = s.every(1<<30 - 1) // residualMax
		unbound = s.every(-(1<<30 - 1) & (1<<32 - 1))
	} else {
		s.text(name, "func(y, sums *int32, rows *uint16, n, m, drop, shift int, limit int) (most uint32)", "is rescale.")
		y, most = pointer("y"), s.zero()
	}
	sums, rows := pointer("sums"), pointer("rows")
	m, limit, under := s.everyOf("m"), s.everyOf("limit"), s.zero()
	VPSUBD(limit, under, under)
	drop, h := count("drop"), s.halves("shift")
	loop(s.lanes, func(i reg.GPVirtual) {
		u, v := s.vector(), s.vector()
		VPMOVZXWD(at(rows, i, 2), u)
		VPMULLD(m, u, u)
		VPMINSD(at(sums, i, 4), limit, v)
		VPMAXSD(under, v, v)
		VPSRLD(drop, u, u)
		vOdd, uOdd := s.behind(v), s.behind(u)
		VPMULDQ(u, v, v)
		VPMULDQ(uOdd, vOdd, vOdd)
		h.join(v, vOdd)
		if adds {
			VPADDD(at(x, i, 4), v, v)
			VPMINSD(bound, v, v)
			VPMAXSD(unbound, v, v)
			s.store(v, at(x, i, 4))
		} else {
			s.store(v, at(y, i, 4))
			s.most(v, most)
		}
	})
	if !adds {
		s.result(most, "most", maxSigned)
	}
	done()
}

func (s isa) gate() {
	s.text("gate", "func(y, in, u *int32, n, gShift, uShift int, sigmoid *uint16) (most uint32)",
		"is gateShifted. A vector of sigmoids is read by twos.")
	y, g, u, sigmoid := pointer("y"), pointer("in"), pointer("u"), pointer("sigmoid")
	gNarrow, uNarrow := s.narrowing("gShift"), s.narrowing("uShift")
	uNarrow.one = gNarrow.one
	last, low := s.every(16<<8-1), s.every(1<<16-1)
	most := s.zero()
	var one reg.VecVirtual
	if s.wide() {
		one = s.every(1 << 15)
	}
	loop(s.lanes, func(i reg.GPVirtual) {
		v, index, sig := s.load(at(g, i, 4)), s.vector(), s.vector()
		VPABSD(v, index)
		VPSRLD(Imm(6), index, index) // fraction-sigmoidFraction
		VPMINUD(last, index, index)
		entry := Mem{Base: sigmoid, Index: index, Scale: 2}
		if s.wide() {
			all := K()
			KXNORW(all, all, all)
			VPXORD(sig, sig, sig)
			VPGATHERDD(entry, all, sig)
			VPANDD(low, sig, sig)
			VPMOVD2M(v, all)
			VPSUBD(sig, one, all, sig)
		} else {
			all := s.vector()
			VPCMPEQD(all, all, all)
			VPXOR(sig, sig, sig)
			VPGATHERDD(all, entry, sig)
			VPAND(low, sig, sig)
			// -sig for v < 0, and anything for v = 0; then 2^15 more for v < 0.
			VPSIGND(v, sig, sig)
			VPSRLD(Imm(31), v, all)
			VPSLLD(Imm(15), all, all)
			VPADDD(all, sig, sig)
		}
		gNarrow.apply(v)
		t := s.load(at(u, i, 4))
		uNarrow.apply(t)
		VPMULHRSW(sig, v, v) // in the lower 16 bits, 0 in the upper ones
		VPMADDWD(t, v, v)
		s.store(v, at(y, i, 4))
		s.most(v, most)
	})
	s.result(most, "most", maxSigned)
	done()
}

func (s isa) rotate() {
	s.text("rotate", "func(y, x *int32, turn *int16, n, shift int) (most uint32)", "is rotateShifted; n is a multiple of twice the numbers in a register.")
	y, x, turn := pointer("y"), pointer("x"), pointer("turn")
	narrow := s.narrowing("shift")
	sign := s.every(0xffff0001)
	most := s.zero()
	var order reg.VecVirtual
	if s.wide() {
		data := GLOBL("pairs"+s.name, RODATA|NOPTR)
		for i, v := range []uint64{0, 4, 1, 5, 2, 6, 3, 7} {
			DATA(8*i, U64(v))
		}
		order = s.load(data)
	} else {
		data := GLOBL("swap"+s.name, RODATA|NOPTR)
		for i := range 8 {
			DATA(4*i, U32(0x01000302+0x04040404*uint32(i%4)))
		}
		order = s.load(data)
	}
	loop(2*s.lanes, func(i reg.GPVirtual) {
		a, b := s.load(at(x, i, 4)), s.load(plus(at(x, i, 4), 4*s.lanes))
		narrow.apply(a)
		narrow.apply(b)
		VPACKSSDW(b, a, a) // a pair in 32 bits
		t, swapped := s.vector(), s.vector()
		if s.wide() {
			VPERMQ(at(turn, i, 2), order, t)
			VPRORD(Imm(16), t, swapped)
			// The sine with the sign changed: cosine, 0 - sine.
			negated := s.vector()
			VPMULLW(sign, t, negated)
			t = negated
		} else {
			VPERMQ(Imm(0xd8), at(turn, i, 2), t)
			VPSHUFB(order, t, swapped)
			VPSIGNW(sign, t, t)
		}
		VPMADDWD(t, a, t)
		VPMADDWD(swapped, a, swapped)
		VPUNPCKLDQ(swapped, t, a)
		VPUNPCKHDQ(swapped, t, b)
		s.store(a, at(y, i, 4))
		s.store(b, plus(at(y, i, 4), 4*s.lanes))
		s.most(a, most)
		s.most(b, most)
	})
	s.result(most, "most", maxSigned)
	done()
}

func (s isa) scoreSteps() {
	s.text("scoreSteps", "func(scores, steps *int32, n, stepShift, m, shift int) (top int32)", "is scoreSteps.")
	scores, steps := pointer("scores"), pointer("steps")
	align := newStepShift("stepShift")
	m, shift := s.everyOf("m"), count("shift")
	round, top := s.every(1<<4), s.every(1<<31)
	loop(s.lanes, func(i reg.GPVirtual) {
		f, v := s.load(at(steps, i, 4)), s.vector()
		align.apply(f)
		VPMULHRSW(m, f, f)
		VPADDD(at(scores, i, 4), round, v)
		VPSRAD(Imm(5), v, v)
		VPMULLD(f, v, v)
		VPSRAD(shift, v, v)
		s.store(v, at(scores, i, 4))
		VPMAXSD(v, top, top)
	})
	s.result(top, "top", maxSigned)
	done()
}

func (s isa) weigh() {
	s.text("weigh", "func(hi, lo *int8, scores, steps *int32, n, top, stepShift int) (total int32)", "is weigh; n is a multiple of twice the numbers in a register.")
	hi, lo, scores, steps := pointer("hi"), pointer("lo"), pointer("scores"), pointer("steps")
	align := newStepShift("stepShift")
	top, total := s.everyOf("top"), s.zero()
	words := func(x int) reg.VecVirtual { w := uint32(uint16(int16(x))); return s.every(w<<16 | w) }
	p1, p2, p3 := words(-1290), words(7560), words(-22654)
	one, ones, order := words(32767), words(1), s.load(s.order)
	var powers, spread, second reg.VecVirtual
	if !s.wide() {
		data := GLOBL("powers"+s.name, RODATA|NOPTR)
		for i := range 32 {
			v := 0
			if i%16 >= 8 {
				v = 1 << (15 - i%16)
			}
			DATA(i, U8(uint8(v)))
		}
		powers = s.load(data)
		spread, second = words(0x101), words(0x800)
	}
	loop(2*s.lanes, func(i reg.GPVirtual) {
		t, b := s.vector(), s.vector()
		VPSUBD(at(scores, i, 4), top, t)
		VPSUBD(plus(at(scores, i, 4), 4*s.lanes), top, b)
		VPACKSSDW(b, t, t) // which bounds them too
		f, p := s.vector(), b
		VPSLLW(Imm(5), t, f)
		VPSRLW(Imm(1), f, f)
		VPMULHRSW(p1, f, p)
		VPADDW(p2, p, p)
		VPMULHRSW(f, p, p)
		VPADDW(p3, p, p)
		VPMULHRSW(f, p, p)
		VPADDW(one, p, p)
		VPSRLW(Imm(11), t, t)
		if s.wide() {
			VPADDW(ones, t, t)
			VPSRLVW(t, p, p)
		} else {
			// The upper half of a product with 2^(15-t): its lower byte if t > 7, else its upper one.
			VPMULLW(spread, t, t)
			VPXOR(second, t, t)
			VPSHUFB(t, powers, t)
			VPMULHUW(t, p, p)
		}
		VPMADDWD(ones, p, t)
		VPADDD(t, total, total)
		w, x := s.load(at(steps, i, 4)), s.load(plus(at(steps, i, 4), 4*s.lanes))
		align.apply(w)
		align.apply(x)
		VPACKSSDW(x, w, w)
		VPMULHRSW(w, p, p)
		VPSRLW(Imm(7), p, w)
		VPSLLW(Imm(9), p, p)
		VPSRLW(Imm(9), p, p)
		VPACKUSWB(p, w, w)
		VPERMD(w, order, w) // hi in the lower half, lo in the upper one
		if s.wide() {
			VMOVDQU(w.AsY(), at(hi, i, 1))
			VEXTRACTI64X4(Imm(1), w, at(lo, i, 1))
		} else {
			VMOVDQU(w.AsX(), at(hi, i, 1))
			VEXTRACTI128(Imm(1), w, at(lo, i, 1))
		}
	})
	s.result(total, "total", add)
	done()
}

func (s isa) combine() {
	s.text("combine", "func(y, hi, lo *int32, n, m, shift int) (most uint32)", "is combineShifted.")
	y, hi, lo := pointer("y"), pointer("hi"), pointer("lo")
	m, h, most := s.everyOf("m"), s.halves("shift"), s.zero()
	loop(s.lanes, func(i reg.GPVirtual) {
		v := s.load(at(hi, i, 4))
		VPSLLD(Imm(7), v, v)
		VPADDD(at(lo, i, 4), v, v)
		odd := s.behind(v)
		VPMULDQ(m, v, v)
		VPMULDQ(m, odd, odd)
		h.join(v, odd)
		s.store(v, at(y, i, 4))
		s.most(v, most)
	})
	s.result(most, "most", maxSigned)
	done()
}
